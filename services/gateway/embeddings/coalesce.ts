/** Longest wait for others to join, while another batch of the group is under way. */
const WINDOW_MS = 5;

/** `traceparent` is that of the first caller. */
export type Batch<R> = (
  texts: readonly string[],
  traceparent: string | undefined,
  signal: AbortSignal,
) => Promise<readonly R[]>;

type Waiting<R> = {
  readonly texts: readonly string[];
  readonly traceparent: string | undefined;
  readonly resolve: (results: readonly R[]) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal;
};

/**
 * Puts small requests together: model servers take a batch in little more than the time of one text. A request that
 * comes when nothing is under way goes at once; those that come meanwhile wait at most `WINDOW_MS` for each other.
 * Results come back in order. When a batch is refused, each of its requests is sent alone, so that nobody gets
 * another's error.
 */
export function createCoalescer<R>(maxTexts: number, send: Batch<R>, isCallersFault: (error: unknown) => boolean) {
  let waiting: Waiting<R>[] = [];
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const present = waiting.filter(({ signal }) => !signal.aborted);
    waiting = [];
    for (let group = take(present, maxTexts); group.length > 0; group = take(present, maxTexts)) void run(group);
  };

  const run = async (group: readonly Waiting<R>[]): Promise<void> => {
    underWay += 1;
    // Only when all have left is there nobody to compute for.
    const everybody = new AbortController();
    const onLeave = (): void => {
      if (group.every(({ signal }) => signal.aborted)) everybody.abort();
    };
    for (const { signal } of group) signal.addEventListener("abort", onLeave, { once: true });
    onLeave();
    try {
      const results = await send(
        group.flatMap(({ texts }) => texts),
        group[0]?.traceparent,
        everybody.signal,
      );
      let at = 0;
      for (const { texts, resolve } of group) {
        resolve(results.slice(at, at + texts.length));
        at += texts.length;
      }
    } catch (error) {
      if (group.length === 1 || !isCallersFault(error)) for (const { reject } of group) reject(error);
      else for (const one of group) void run([one]);
    } finally {
      for (const { signal } of group) signal.removeEventListener("abort", onLeave);
      underWay -= 1;
      if (underWay === 0 && waiting.length > 0) flush();
    }
  };

  return {
    isIdle: (): boolean => underWay === 0 && waiting.length === 0,
    add: (texts: readonly string[], traceparent: string | undefined, signal: AbortSignal): Promise<readonly R[]> =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        waiting.push({ texts, traceparent, resolve, reject, signal });
        const count = waiting.reduce((sum, each) => sum + each.texts.length, 0);
        if (underWay === 0 || count >= maxTexts) flush();
        else timer ??= setTimeout(flush, WINDOW_MS);
      }),
  };
}

export type Coalescer<R> = ReturnType<typeof createCoalescer<R>>;

/** Requests from the front that fit one batch together; at least one. */
function take<R>(queue: Waiting<R>[], maxTexts: number): Waiting<R>[] {
  let count = 0;
  let end = 0;
  while (end < queue.length && (end === 0 || count + queue[end]!.texts.length <= maxTexts)) {
    count += queue[end]!.texts.length;
    end += 1;
  }
  return queue.splice(0, end);
}
