/** The window slides by whole slots, so that counting an outcome costs an addition and keeps no list of them. */
const SLOTS = 10;

export type OutcomeWindow = {
  /** Returns the slot it was counted in, for `broke`. */
  good(now: number): number;
  bad(now: number): void;
  /** What was good at first has failed after all: one bad outcome in the place of a good one. */
  broke(now: number, slot: number): void;
  /** Share of bad ones, in [0, 1]; 0 while there are fewer than `atLeast` outcomes. */
  badShare(atLeast: number): number;
  clear(): void;
};

/** Counts outcomes of the last `windowMs` (up to a slot less). `now` never goes back. */
export function createOutcomeWindow(windowMs: number): OutcomeWindow {
  const slotMs = windowMs / SLOTS;
  const good = new Int32Array(SLOTS);
  const bad = new Int32Array(SLOTS);
  let newest = 0;
  let goods = 0;
  let bads = 0;

  function advance(now: number): number {
    const slot = Math.floor(now / slotMs);
    for (let passed = Math.max(newest + 1, slot - SLOTS + 1); passed <= slot; passed++) {
      const place = passed % SLOTS;
      goods -= good[place]!;
      bads -= bad[place]!;
      good[place] = 0;
      bad[place] = 0;
    }
    newest = Math.max(newest, slot);
    return newest;
  }

  function addBad(now: number): void {
    bad[advance(now) % SLOTS]! += 1;
    bads += 1;
  }

  return {
    good: (now) => {
      const slot = advance(now);
      good[slot % SLOTS]! += 1;
      goods += 1;
      return slot;
    },
    bad: addBad,
    broke: (now, slot) => {
      addBad(now);
      if (slot <= newest - SLOTS) return;
      good[slot % SLOTS]! -= 1;
      goods -= 1;
    },
    badShare: (atLeast) => (goods + bads < Math.max(1, atLeast) ? 0 : bads / (goods + bads)),
    clear: () => {
      good.fill(0);
      bad.fill(0);
      goods = 0;
      bads = 0;
    },
  };
}
