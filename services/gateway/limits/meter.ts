/** What is left of one limit of one tenant or key. */
export type Meter = {
  /**
   * Seconds until `amount` may be taken: 0 is now, `Infinity` never. A promise: ask again when it has resolved. An amount
   * of 0 (what is not known yet) needs something to be left. Throws or rejects with `unavailable` when nobody knows.
   */
  secondsUntil(amount: number): number | Promise<void>;
  /** Right after `secondsUntil(amount)` was 0, so that a refusal by another meter leaves nothing counted here. */
  take(amount: number): void;
  /** What was taken at `takenAt` (wall milliseconds) was `more` than had been said, or, when negative, less. May leave a debt. */
  settle(more: number, takenAt: number): void;
  /** The limit has changed; what was used stays used. */
  setLimit(limit: number): void;
  /** Whether dropping the meter loses nothing. */
  idle(): boolean;
  /** About once a second. */
  tick(): void;
  /** Gives back what it holds. Later amounts are refused with `unavailable`. */
  close(): Promise<void>;
};

/** Whether `amount` fits into what is left; an amount that is not known yet fits while anything is left. */
export const fits = (amount: number, left: number): boolean => (amount > 0 ? amount <= left : left > 0);
