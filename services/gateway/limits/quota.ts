import type { Clock } from "../clock.ts";

/** The part of a window's quota that a replica asks for. Amounts are whole numbers. */
export type Slice = {
  readonly account: string;
  readonly resource: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly amount: number;
};

export type Places = {
  readonly account: string;
  /** Who holds them: a replica, by a name of its own. */
  readonly holder: string;
  /** In use: granted even over the limit, as nobody ends a stream because a database was away. */
  readonly running: number;
  readonly wanted: number;
  readonly limit: number;
  readonly now: number;
  readonly expiresAt: number;
};

/** What all replicas share. Each call is atomic; a rejection means that the database does not answer. */
export type Quota = {
  /** Grants as much of the slice as the limit leaves, and says what is left after it. */
  lease(slice: Slice, limit: number): Promise<{ granted: number; left: number }>;
  giveBack(slice: Slice): Promise<void>;
  /** Sets how many places the holder has until `expiresAt`; resolves to their number. */
  claimPlaces(places: Places): Promise<number>;
  /** Forgets what ended before `at`. */
  prune(at: number): Promise<void>;
};

/** A quota and the clocks by which it is used: `now` is wall time, by which windows are cut and leases expire on other replicas. */
export type Leasing = { readonly quota: Quota; readonly now: () => number; readonly clock: Clock };
