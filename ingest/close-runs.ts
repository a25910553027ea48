import type { Database, Sql } from "#shared/database.ts";
import { postRun } from "#shared/openlineage.ts";

/** A sync that was killed never says that it is over; after so long it is. */
const ABANDONED_MS = 24 * 3_600_000;
const MAX_INPUTS = 500;

type Open = { readonly id: string; readonly tenant: string };
type Version = {
  readonly id: string;
  readonly document_id: string;
  readonly collection: string;
  readonly passages: number | null;
  readonly ready_at: number | null;
};

/** Ends the ingest runs of which no document is waiting any more, and tells of it. Resolves to how many. */
export async function closeRuns(db: Database, now: () => number, newId: () => string): Promise<number> {
  const open = await db.all<Open>(
    `select r.id, r.tenant from ingest_run r where r.ended_at is null and (r.sealed_at is not null or r.at < $1)
       and not exists (select 1 from document_version v join job j on j.id = v.id
         where v.run_id = r.id and j.state in ('ready', 'leased')) limit 100`,
    [now() - ABANDONED_MS],
  );
  for (const run of open) {
    await db.transaction(async (sql) => {
      const at = now();
      const ended = await sql.run("update ingest_run set ended_at = $1 where id = $2 and ended_at is null", [
        at,
        run.id,
      ]);
      if (ended === 1) await tell(sql, run, newId(), at);
    });
  }
  return open.length;
}

async function tell(sql: Sql, { id: runId, tenant }: Open, id: string, at: number): Promise<void> {
  const versions = await sql.all<Version>(
    `select v.id, v.document_id, d.collection, v.passages, v.ready_at from document_version v
     join document d on d.id = v.document_id where v.run_id = $1 order by v.created_at, v.id`,
    [runId],
  );
  const read = versions.filter(({ ready_at }) => ready_at !== null);
  const outputs = [...new Set(read.map(({ collection }) => collection))].sort().map((collection) => {
    const own = read.filter((version) => version.collection === collection);
    const rowCount = own.reduce((sum, { passages }) => sum + (passages ?? 0), 0);
    return { name: `index/${collection}`, statistics: { rowCount, fileCount: own.length } };
  });
  const inputs = versions.slice(0, MAX_INPUTS).map((version) => ({
    name: `document/${version.document_id}`,
    version: version.id,
  }));
  const type = read.length > 0 || versions.length === 0 ? "COMPLETE" : "FAIL";
  await postRun(sql, { id, type, runId, tenant, job: "ingest", inputs, outputs, at });
}
