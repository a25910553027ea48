import { audit } from "#shared/audit.ts";
import type { Database } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { postRun } from "#shared/openlineage.ts";
import type { Principal } from "#shared/principal.ts";
import { enqueue } from "#shared/queue.ts";
import { difference } from "./backfill.ts";
import { CURRENT_VERSIONS, type GenerationIndex, type ReindexRow, reindexRow, reportOf, runOf } from "./reindex-row.ts";

/** Like a sync: nobody waits for it. */
const PRIORITY = 2;

export type ReindexStore = {
  readonly db: Database;
  readonly generations: GenerationIndex;
  readonly now: () => number;
  readonly newId: () => string;
};
type Actor = Pick<Principal, "tenant" | "subject">;

/** Begins a new generation beside the live one; workers fill it. Rejects with `conflict` while another one is being built. */
export async function startReindex(store: ReindexStore, actor: Actor): Promise<ReindexRow> {
  const generation = store.newId();
  return store.db.transaction(async (sql) => {
    const other = await sql.get<ReindexRow>("select * from reindex where state in ('building', 'ready') limit 1");
    if (other) {
      throw new AppError(
        "conflict",
        `The generation ${other.generation} is ${other.state} already. Promote or drop it first.`,
      );
    }
    const { total } = (await sql.get<{ total: number }>(`select count(*) as total ${CURRENT_VERSIONS}`, [""]))!;
    const at = store.now();
    await sql.run(
      `insert into reindex (generation, state, cursor, total, done, created_by, created_at, updated_at)
       values ($1, 'building', '', $2, 0, $3, $4, $4)`,
      [generation, total, actor.subject, at],
    );
    const job = {
      id: store.newId(),
      tenant: actor.tenant,
      kind: "reindex",
      payload: { generation },
      priority: PRIORITY,
    };
    await enqueue(sql, job, at);
    await audit(store, sql, actor, "index.reindex", generation);
    await postRun(sql, { ...runOf(actor.tenant, generation), id: store.newId(), type: "START", at });
    return (await reindexRow(sql, generation))!;
  });
}

/** Newest first. */
export const listReindexes = ({ db }: Pick<ReindexStore, "db">): Promise<ReindexRow[]> =>
  db.all<ReindexRow>("select * from reindex order by created_at desc, generation limit 50");

/**
 * Makes a finished generation live, in one atomic step of the index. Rejects with `conflict` when it is not finished,
 * lacks something, or has versions that could not be read and `force` is not given.
 */
export async function promote(
  store: ReindexStore,
  actor: Actor,
  generation: string,
  force: boolean,
): Promise<ReindexRow> {
  const row = await known(store, generation);
  if (row.state !== "ready") throw new AppError("conflict", `The generation is ${row.state}, not ready.`);
  const { failed } = reportOf(row);
  if (failed.length > 0 && !force) {
    throw new AppError(
      "conflict",
      `${failed.length} documents could not be read again and would not be found. Look at the report, then use force.`,
    );
  }
  const { missing } = await difference(store, store.generations, row);
  if (missing.length > 0)
    throw new AppError("conflict", `The generation lacks ${missing.length} documents. Try again shortly.`);
  const live = (await store.generations.generations()).find(({ status }) => status === "live")!;
  // Noted first: a promotion that is cut short and asked for again must still know the way back.
  if (live.id !== generation)
    await store.db.run("update reindex set before = $1 where generation = $2", [live.id, generation]);
  await store.generations.promoteGeneration(generation);
  return become(store, actor, generation, "promoted");
}

/** Makes the generation live again that was so before this one. What came since is ingested again, by reconciliation. */
export async function rollBack(store: ReindexStore, actor: Actor, generation: string): Promise<ReindexRow> {
  const row = await known(store, generation);
  const held = await store.generations.generations();
  if (row.state !== "promoted" || row.before === null)
    throw new AppError("conflict", `The generation is ${row.state}, not promoted.`);
  if (!held.some(({ id }) => id === row.before))
    throw new AppError("conflict", "The generation before it has been dropped.");
  await store.generations.promoteGeneration(row.before);
  return become(store, actor, generation, "rolled_back");
}

/** Deletes a generation that is not live; one that is being built is given up. */
export async function drop(store: ReindexStore, actor: Actor, generation: string): Promise<void> {
  const live = (await store.generations.generations()).find(({ status }) => status === "live")!;
  if (live.id === generation) throw new AppError("conflict", "This generation is live. Promote another one first.");
  const row = await reindexRow(store.db, generation);
  if (row) await become(store, actor, generation, "dropped");
  if (row?.state === "building") {
    const ended = { id: store.newId(), type: "ABORT", at: store.now() } as const;
    await postRun(store.db, { ...runOf(actor.tenant, generation), ...ended });
  }
  await store.generations.dropGeneration(generation);
}

async function become(
  store: ReindexStore,
  actor: Actor,
  generation: string,
  state: ReindexRow["state"],
): Promise<ReindexRow> {
  return store.db.transaction(async (sql) => {
    await sql.run("update reindex set state = $1, updated_at = $2 where generation = $3", [
      state,
      store.now(),
      generation,
    ]);
    await audit(store, sql, actor, `index.${state}`, generation);
    if (state === "promoted" || state === "rolled_back") {
      const job = { id: store.newId(), tenant: actor.tenant, kind: "reconcile", payload: {}, priority: 0 };
      await enqueue(sql, job, store.now());
    }
    return (await reindexRow(sql, generation))!;
  });
}

async function known({ db }: ReindexStore, generation: string): Promise<ReindexRow> {
  const row = await reindexRow(db, generation);
  if (!row) throw new AppError("not_found", "There is no such generation in the making.");
  return row;
}
