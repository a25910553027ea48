import type { Database } from "#shared/database.ts";
import { grantPlaces, type Holders } from "./grant-places.ts";
import type { Quota } from "./quota.ts";

/**
 * What a slice gets, in the update of the row itself: replicas that ask at the same moment are served one after the other,
 * and each sees what the one before it got.
 */
const GRANT = `case when quota_window.used >= $6 then 0
                    when $6 - quota_window.used < $7 then $6 - quota_window.used else $7 end`;

const LEASE = `
  insert into quota_window (account, resource, starts_at, ends_at, used, granted) values ($1, $2, $3, $4, $5, $5)
  on conflict (account, resource, starts_at) do update set granted = ${GRANT}, used = quota_window.used + ${GRANT}
  returning granted, used`;

/** The shared quota, in the state database. `migrations.ts` has its tables. */
export function databaseQuota(db: Database): Quota {
  return {
    async lease({ account, resource, startsAt, endsAt, amount }, limit) {
      const first = Math.min(amount, limit);
      const row = await db.get<{ granted: number; used: number }>(LEASE, [
        account,
        resource,
        startsAt,
        endsAt,
        first,
        limit,
        amount,
      ]);
      if (!row) throw new Error("The database returned no row for a lease of quota.");
      return { granted: row.granted, left: Math.max(0, limit - row.used) };
    },
    async giveBack({ account, resource, startsAt, amount }) {
      await db.run(
        "update quota_window set used = used - $4 where account = $1 and resource = $2 and starts_at = $3 and used >= $4",
        [account, resource, startsAt, amount],
      );
    },
    claimPlaces: (places) =>
      db.transaction(async (sql) => {
        // An update that changes nothing locks the row: until we commit, no other replica reads it.
        const row = await sql.get<{ holders: string }>(
          `insert into quota_places (account, holders, expires_at) values ($1, '{}', $2)
           on conflict (account) do update set account = quota_places.account returning holders`,
          [places.account, places.expiresAt],
        );
        const before = JSON.parse(row?.holders ?? "{}") as Holders;
        const { granted, holders } = grantPlaces(before, places);
        const lastExpiry = Math.max(places.now, ...Object.values(holders).map(({ expiresAt }) => expiresAt));
        await sql.run("update quota_places set holders = $2, expires_at = $3 where account = $1", [
          places.account,
          JSON.stringify(holders),
          lastExpiry,
        ]);
        return granted;
      }),
    async prune(at) {
      await db.run("delete from quota_window where ends_at < $1", [at]);
      await db.run("delete from quota_places where expires_at < $1", [at]);
    },
  };
}
