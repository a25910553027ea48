import type { Database, Sql } from "#shared/database.ts";
import type { SearchIndex } from "#shared/index.ts";
import { enqueue } from "#shared/queue.ts";

/** An index that was lost may lack a million versions: no transaction is that long. */
const BATCH = 500;

type Wanted = {
  readonly id: string;
  readonly tenant: string;
  readonly document_id: string;
  readonly current: number;
  readonly passages: number | null;
};

export type IndexDrift = {
  /** Versions that the index holds for nobody. */
  readonly leftOver: readonly string[];
  /** Current versions that the index lacks. */
  readonly missing: readonly Pick<Wanted, "id" | "tenant" | "document_id">[];
};

/**
 * How index and database differ. The index is read first, so a version that another worker writes meanwhile is
 * already known to the database and is never taken for a left-over.
 */
export async function findIndexDrift(
  db: Pick<Database, "all">,
  index: Pick<SearchIndex, "versions">,
): Promise<IndexDrift> {
  const held = new Set(await index.versions());
  const wanted = await db.all<Wanted>(
    `select v.id, v.tenant, v.document_id, v.passages, case when d.current_version = v.id then 1 else 0 end as current
     from document_version v join document d on d.id = v.document_id left join job j on j.id = v.id
     where d.deleted_at is null and v.retired_at is null and (d.current_version = v.id or j.state in ('ready', 'leased'))`,
  );
  const missing = wanted.filter(({ id, current, passages }) => current === 1 && passages !== 0 && !held.has(id));
  for (const { id } of wanted) held.delete(id);
  return { leftOver: [...held], missing };
}

/** Looks, and makes index and database agree after a crash. */
export async function reconcile(
  db: Database,
  index: Pick<SearchIndex, "versions" | "remove">,
  now: () => number = Date.now,
): Promise<{ removed: number; requeued: number }> {
  return repairIndex(db, index, await findIndexDrift(db, index), now);
}

/** Versions without a reader leave the index; current versions that it lacks are ingested again. */
export async function repairIndex(
  db: Database,
  index: Pick<SearchIndex, "remove">,
  { leftOver, missing }: IndexDrift,
  now: () => number,
): Promise<{ removed: number; requeued: number }> {
  if (leftOver.length > 0) await index.remove(leftOver);
  for (let at = 0; at < missing.length; at += BATCH) {
    const some = missing.slice(at, at + BATCH);
    await db.transaction(async (sql) => {
      for (const version of some) await ingestAgain(sql, version, now());
    });
  }
  return { removed: leftOver.length, requeued: missing.length };
}

async function ingestAgain(sql: Sql, { id, tenant, document_id }: IndexDrift["missing"][number], at: number) {
  const known = await sql.get<{ state: string }>("select state from job where id = $1", [id]);
  if (!known) {
    const payload = { documentId: document_id, versionId: id };
    await enqueue(sql, { id, tenant, kind: "ingest", payload }, at);
  } else if (known.state === "done") {
    await sql.run(
      "update job set state = 'ready', attempts = 0, leases = 0, run_at = $1, step = null, finished_at = null, updated_at = $1 where id = $2",
      [at, id],
    );
  }
}
