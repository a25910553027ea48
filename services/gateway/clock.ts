/** Monotonic milliseconds. */
export type Clock = { now(): number };
