import type { Database } from "#shared/database.ts";
import type { SearchIndex } from "#shared/index.ts";
import { enqueue } from "#shared/queue.ts";

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

/**
 * Makes index and database agree after a crash: versions without a reader leave the index, current versions that
 * the index lacks are ingested again.
 */
export async function reconcile(
  db: Database,
  index: Pick<SearchIndex, "versions" | "remove">,
  now: () => number = Date.now,
): Promise<{ removed: number; requeued: number }> {
  const { leftOver, missing } = await findIndexDrift(db, index);
  if (leftOver.length > 0) await index.remove(leftOver);
  if (missing.length > 0) {
    await db.transaction(async (sql) => {
      for (const { id, tenant, document_id } of missing) {
        const known = await sql.get<{ state: string }>("select state from job where id = $1", [id]);
        if (!known) {
          await enqueue(
            sql,
            { id, tenant, kind: "ingest", payload: { documentId: document_id, versionId: id } },
            now(),
          );
        } else if (known.state === "done") {
          await sql.run(
            "update job set state = 'ready', attempts = 0, leases = 0, run_at = $1, step = null, finished_at = null, updated_at = $1 where id = $2",
            [now(), id],
          );
        }
      }
    });
  }
  return { removed: leftOver.length, requeued: missing.length };
}
