/** How far back the rate remembers, in time during which somebody waited. */
const MEMORY_MS = 10_000;
const MIN_SECONDS = 1;
const MAX_SECONDS = 60;

/**
 * The rate at which places are given out while somebody waits: an exponentially weighted mean over that time only.
 * When nobody waits the rate is that of the demand and says nothing about how fast a queue would empty.
 */
export type GrantRate = {
  /** Time since the last call does not count: nobody waited. */
  resume(now: number): void;
  /** Somebody has waited since the last call, and `grants` places were given out. */
  observe(now: number, grants: number): void;
  /** 0 as long as nothing is known. */
  perSecond(): number;
};

export function createGrantRate(): GrantRate {
  let at = 0;
  let grants = 0;
  let ms = 0;
  return {
    resume: (now) => {
      at = now;
    },
    observe: (now, given) => {
      const passed = Math.max(0, now - at);
      const kept = Math.exp(-passed / MEMORY_MS);
      at = now;
      grants = grants * kept + given;
      ms = ms * kept + MEMORY_MS * (1 - kept);
    },
    perSecond: () => (ms > 0 ? (grants * 1000) / ms : 0),
  };
}

/** When a queue of this length will be gone. Without a known rate: the time after which those in it are gone anyway. */
export function retryAfterSeconds(queued: number, perSecond: number, maxWaitMs: number): number {
  const seconds = perSecond > 0 ? queued / perSecond : maxWaitMs / 1000;
  return Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, Math.ceil(seconds)));
}
