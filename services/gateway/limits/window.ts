/** Wall-clock time cut into pieces of one length. All replicas cut alike. */
export type Window = { readonly lengthMs: number; readonly offsetMs: number };

const MINUTE_MS = 60_000;

/** A day of UTC: Unix time has no leap seconds. */
export const DAY: Window = { lengthMs: 24 * 60 * MINUTE_MS, offsetMs: 0 };

/** An account's minutes begin at a second of their own, or all would ask the database for quota in the same one. */
export function minuteOf(account: string): Window {
  let hash = 0;
  for (let i = 0; i < account.length; i++) hash = (Math.imul(hash, 31) + account.charCodeAt(i)) >>> 0;
  return { lengthMs: MINUTE_MS, offsetMs: hash % MINUTE_MS };
}

export const startOf = ({ lengthMs, offsetMs }: Window, at: number): number =>
  Math.floor((at - offsetMs) / lengthMs) * lengthMs + offsetMs;

/** Seconds until enough windows have begun, each with a limit of its own, to make up for what is missing. At least one. */
export function secondsToWindow(window: Window, at: number, missing: number, limit: number): number {
  const windows = Math.max(1, Math.ceil(missing / limit));
  return Math.max(1, (startOf(window, at) + windows * window.lengthMs - at) / 1000);
}
