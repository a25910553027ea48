import type { Sql } from "./database.ts";
import type { Log } from "./log.ts";

/** A replica that did not answer is not asked for so long: each try costs whoever waits seconds. */
const AWAY_MS = 10_000;

/**
 * Reads that may be a little behind. They propose and never decide: what they find is read again from the database
 * itself before anybody sees it, so that an access that was taken away is away.
 */
export type StaleReads = Pick<Sql, "all">;

/** Reads from a replica, and from the database itself while the replica is away, starts, or had to give a query up. */
export function replicaReads(replica: StaleReads, db: StaleReads, log: Log, now: () => number = Date.now): StaleReads {
  let awayUntil = 0;
  return {
    async all(sql, params) {
      if (now() < awayUntil) return db.all(sql, params);
      try {
        return await replica.all(sql, params);
      } catch (error) {
        awayUntil = now() + AWAY_MS;
        log.warn("the replica of the database does not answer", { reason: (error as Error).message });
        return db.all(sql, params);
      }
    },
  };
}
