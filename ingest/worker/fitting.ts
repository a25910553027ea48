import { placesOf, type Sql } from "#shared/database.ts";
import type { Job } from "#shared/queue.ts";

/** A batch blocks what is uploaded meanwhile until its end, so large documents make a short one. */
const BATCH_BYTES = 16 * 1024 * 1024;

/** Splits leased jobs into those that make one batch together, at least the first, and those to give back. */
export async function fitting(sql: Sql, jobs: readonly Job[]): Promise<{ fit: Job[]; rest: Job[] }> {
  const places = placesOf(jobs, 1);
  const rows = await sql.all<{ id: string; bytes: number }>(
    `select id, bytes from document_version where id in (${places})`,
    jobs.map(({ id }) => id),
  );
  const bytesOf = new Map(rows.map(({ id, bytes }) => [id, Number(bytes)]));
  let total = 0;
  const end = jobs.findIndex(({ id }, i) => {
    total += bytesOf.get(id) ?? 0;
    return i > 0 && total > BATCH_BYTES;
  });
  return end < 0 ? { fit: [...jobs], rest: [] } : { fit: jobs.slice(0, end), rest: jobs.slice(end) };
}
