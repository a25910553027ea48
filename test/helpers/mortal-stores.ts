import type { Blobs } from "#shared/blobs.ts";
import type { Database, Sql } from "#shared/database.ts";
import type { SearchIndex } from "#shared/index.ts";

type Stores = { readonly db: Database; readonly index: SearchIndex; readonly blobs: Blobs };

/**
 * The stores of a process that dies before its n-th effect: from then on nothing that it does happens any more. Effects
 * are what can be seen from outside: a commit, a changed index, a stored or removed file.
 */
export function mortalStores({ db, index, blobs }: Stores, at: number) {
  const died = Promise.withResolvers<void>();
  let effects = 0;
  const effect = (): void => {
    effects += 1;
    if (effects >= at) died.resolve();
    if (effects >= at) throw new Error("dead");
  };
  const changing = <T extends Pick<Sql, "all" | "get" | "run">>(sql: T): T => ({
    ...sql,
    run: async (...args: Parameters<Sql["run"]>) => {
      effect();
      return sql.run(...args);
    },
    all: async (...args: Parameters<Sql["all"]>) => {
      if (!/^\s*select/i.test(args[0])) effect();
      return sql.all(...args);
    },
    get: async (...args: Parameters<Sql["get"]>) => {
      if (!/^\s*select/i.test(args[0])) effect();
      return sql.get(...args);
    },
  });
  const transaction: Database["transaction"] = (steps) =>
    db.transaction(async (sql) => {
      const result = await steps(sql);
      effect();
      return result;
    });
  const dying = <T extends object>(engine: T, changes: RegExp): T =>
    Object.fromEntries(
      Object.entries(engine).map(([name, call]) => [
        name,
        (...args: never[]) => {
          if (changes.test(name)) effect();
          return (call as (...args: never[]) => unknown)(...args);
        },
      ]),
    ) as T;
  const generations = dying(index, /^(write|remove|refile|create)/);
  return {
    died: died.promise,
    isDead: (): boolean => effects >= at,
    over: {
      db: { ...changing(db), transaction },
      index: generations,
      generations,
      blobs: dying(blobs, /^(put|remove)$/),
    },
  };
}
