const TICK_MS = 20;

/** Something that may take only so long. `at` is on the clock of `performance.now()` and may be moved at any time. */
export type Watched = { at: number; expire(): void };

/**
 * The time limits of all exchanges on one timer: a limit that moves with every delta would otherwise cost a timer set
 * and cleared each time. Up to `TICK_MS` late. The timer ends when nothing is watched.
 */
export function createDeadlines(tickMs = TICK_MS) {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;
  const sweep = (): void => {
    if (watched.size === 0) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    const now = performance.now();
    for (const each of watched) if (now >= each.at) each.expire();
  };
  return {
    watch(each: Watched): void {
      watched.add(each);
      timer ??= setInterval(sweep, tickMs).unref();
    },
    unwatch: (each: Watched): void => void watched.delete(each),
  };
}

export type Deadlines = ReturnType<typeof createDeadlines>;
