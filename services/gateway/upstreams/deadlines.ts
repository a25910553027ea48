const TICK_MS = 20;

/**
 * Something that may take only so long. `at` is on the clock of `performance.now()` and may be moved at any time; `slot`
 * (-1 while it is not watched) belongs to the deadlines.
 */
export type Watched = { at: number; slot: number; expire(): void };

/**
 * The time limits of all exchanges on one timer: a limit that moves with every delta would otherwise cost a timer set
 * and cleared each time. Up to `TICK_MS` late. The timer ends when nothing is watched.
 *
 * An array and not a `Set`: a set whose entries come and go is copied again and again, and each copy that has grown old
 * keeps dead exchanges alive until a full collection (five times the work of the collector at 64 requests at once).
 */
export function createDeadlines(tickMs = TICK_MS) {
  const watched: Watched[] = [];
  let timer: NodeJS.Timeout | undefined;
  const sweep = (): void => {
    if (watched.length === 0) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    const now = performance.now();
    for (const each of watched.filter(({ at }) => now >= at)) each.expire();
  };
  return {
    watch(each: Watched): void {
      each.slot = watched.push(each) - 1;
      timer ??= setInterval(sweep, tickMs).unref();
    },
    unwatch(each: Watched): void {
      if (each.slot < 0) return;
      const last = watched.pop()!;
      if (last !== each) {
        watched[each.slot] = last;
        last.slot = each.slot;
      }
      each.slot = -1;
    },
  };
}

export type Deadlines = ReturnType<typeof createDeadlines>;
