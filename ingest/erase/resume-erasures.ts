import type { Database } from "#shared/database.ts";
import { enqueue } from "#shared/queue.ts";

type Stuck = {
  readonly id: string;
  readonly tenant: string;
  readonly document_id: string;
  readonly state: string | null;
};

/** An erasure is never given up: one whose job has failed too often, or is gone, begins again. Resolves to how many. */
export async function resumeErasures(db: Database, now: () => number): Promise<number> {
  const stuck = await db.all<Stuck>(
    `select e.id, e.tenant, e.document_id, j.state from erasure e left join job j on j.id = e.id
     where e.state = 'running' and (j.state is null or j.state in ('dead', 'done'))`,
  );
  for (const { id, tenant, document_id: documentId } of stuck) {
    await db.transaction(async (sql) => {
      await sql.run("delete from job where id = $1 and state in ('dead', 'done')", [id]);
      await enqueue(sql, { id, tenant, kind: "erase", payload: { documentId }, priority: 0 }, now());
    });
  }
  return stuck.length;
}
