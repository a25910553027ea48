const FAILING_MS = 1_000;
const TIMEOUT_MS = 2_000;
/** Either way of the interval, so that replicas started together do not ask together for ever. */
const JITTER = 0.1;

/** Runs something after some milliseconds, unless what it returns is called before. */
export type Schedule = (run: () => void, ms: number) => () => void;

export type ProbeSettings = {
  /** Rejects when the upstream is not well, and soon after `signal` is aborted. */
  ask(signal: AbortSignal): Promise<void>;
  /** Hears of every probe, well or not. */
  onResult(ok: boolean): void;
  /** Between probes while it is well. */
  readonly everyMs: number;
  /** Between probes while it is not. */
  readonly failingMs?: number;
  readonly timeoutMs?: number;
  readonly schedule?: Schedule;
  readonly roll?: () => number;
};

export type Prober = {
  /** Asks at once, then at intervals. */
  start(): void;
  /** Do not wait for the interval: ask now, unless a probe is running. */
  soon(): void;
  /** Aborts a running probe, whose result is not told, and leaves no timer behind. */
  stop(): void;
};

export function createProber(settings: ProbeSettings): Prober {
  const { ask, onResult, everyMs, failingMs = FAILING_MS, timeoutMs = TIMEOUT_MS } = settings;
  const { schedule = unheldTimeout, roll = Math.random } = settings;
  let started = false;
  let running: AbortController | undefined;
  let cancelTimer = (): void => {};

  async function probe(): Promise<void> {
    const probing = new AbortController();
    running = probing;
    let ok = true;
    // Told at once, even when `ask` is slow to give up; the next probe still waits for it.
    cancelTimer = schedule(() => {
      ok = false;
      probing.abort(new Error(`No answer to a probe within ${timeoutMs} ms.`));
      onResult(false);
    }, timeoutMs);
    try {
      await ask(probing.signal);
    } catch {
      ok = false;
    }
    running = undefined;
    if (!started) return;
    cancelTimer();
    if (!probing.signal.aborted) onResult(ok);
    // `onResult` may have stopped it.
    if (started) plan(ok ? everyMs : Math.min(everyMs, failingMs));
  }

  function plan(ms: number): void {
    cancelTimer = schedule(() => void probe(), ms * (1 - JITTER + 2 * JITTER * roll()));
  }

  function soon(): void {
    if (!started || running) return;
    cancelTimer();
    void probe();
  }

  return {
    start: () => {
      started = true;
      soon();
    },
    soon,
    stop: () => {
      started = false;
      cancelTimer();
      running?.abort(new Error("Probing has stopped."));
    },
  };
}

/** A timer that does not keep the process alive. */
function unheldTimeout(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
}
