/** Well below the 50 ms from which on a reader feels it: what the browser does with the drawn is in there, too. */
const SLICE_MS = 6;

const waiting: (() => void)[] = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => waiting.shift()?.();

/** Resolves in a task of its own: clicks and keys that came meanwhile are seen before. In a hidden tab as soon. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(undefined);
  });
}

/**
 * Resolves after the next frame was begun, in a task of its own: drawing, and what the browser then makes of it, are
 * two tasks that way, and each of them is short.
 */
export async function nextFrame(): Promise<void> {
  await new Promise(requestAnimationFrame);
  await nextTask();
}

let began: number | undefined;

/** Whether the task that runs now is still short. Whoever asks first in a task always has time. */
export function hasTime(): boolean {
  if (began === undefined) {
    began = performance.now();
    void nextTask().then(() => {
      began = undefined;
    });
  }
  return performance.now() - began < SLICE_MS;
}
