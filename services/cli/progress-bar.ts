import type { Stream } from "./output.ts";

const WIDTH = 30;
const CLEAR_LINE = "\r\u001b[2K";

export type ProgressBar = { step(): void; end(): void };

/** A bar that is redrawn in place on a terminal; elsewhere nothing. */
export function createProgressBar(stream: Stream, what: string, total: number): ProgressBar {
  let done = 0;
  const draw = (): void => {
    const filled = total === 0 ? WIDTH : Math.round((done / total) * WIDTH);
    stream.write(`${CLEAR_LINE}${what} [${"█".repeat(filled)}${"·".repeat(WIDTH - filled)}] ${done} of ${total}`);
  };
  if (!stream.isTTY || total === 0) return { step: () => {}, end: () => {} };
  draw();
  return {
    step() {
      done += 1;
      draw();
    },
    end: () => void stream.write(CLEAR_LINE),
  };
}
