import type { Database } from "#shared/database.ts";

const LEASE_MS = 60_000;

/** Work that one process of all does at a time: whoever holds the lease, until it is released or has not been renewed. */
export function holdLease(db: Database, name: string, holder: string, now: () => number) {
  return {
    /** Takes or renews it. Resolves to false while somebody else holds it. */
    async take(): Promise<boolean> {
      const at = now();
      const changed = await db.run(
        `insert into lease (name, holder, held_until) values ($1, $2, $3)
         on conflict (name) do update set holder = $2, held_until = $3 where lease.holder = $2 or lease.held_until < $4`,
        [name, holder, at + LEASE_MS, at],
      );
      return changed === 1;
    },
    release: async (): Promise<void> =>
      void (await db.run("delete from lease where name = $1 and holder = $2", [name, holder])),
  };
}
