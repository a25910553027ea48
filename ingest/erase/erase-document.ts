import type { Blobs } from "#shared/blobs.ts";
import type { Database, Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import type { SearchIndex } from "#shared/index.ts";
import { appendLeaf } from "#shared/lineage/append-leaf.ts";
import { postRun } from "#shared/openlineage.ts";
import { post } from "#shared/outbox.ts";
import type { Job, Queue } from "#shared/queue.ts";
import { blobsOf, textOf, type VersionRow } from "../document-row.ts";
import { emptyAnswers, removedSoFar } from "./empty-answers.ts";
import type { Erasure } from "./erasure.ts";
import { findAffected } from "./find-affected.ts";
import { type Seal, sealReceipt } from "./receipt.ts";

export type EraseDeps = {
  readonly db: Database;
  readonly queue: Queue;
  readonly blobs: Blobs;
  readonly index: Pick<SearchIndex, "remove" | "scrub">;
  readonly seal: Seal;
  readonly now: () => number;
  readonly newId: () => string;
};

/**
 * A document's end, after which no byte of its text is stored: chunks, answers and conversations that hold its words,
 * stored files, names and salts, and then what the engines still have in free pages and logs. Every step may run again,
 * so a crash anywhere costs only time. Texts go last of what is needed to find their quotations.
 */
export async function eraseDocument(deps: EraseDeps, job: Job): Promise<void> {
  const { db, index, blobs, queue, now, newId } = deps;
  const erasure = await db.get<Erasure>("select * from erasure where id = $1", [job.id]);
  if (!erasure) throw new Error("A job names an erasure that does not exist");
  if (erasure.state === "done") return void (await queue.complete(job));
  const { tenant, document_id: documentId } = erasure;
  const versions = await db.all<VersionRow>("select * from document_version where document_id = $1", [documentId]);
  await waitForWorkers(db, versions, now());
  const ids = versions.map(({ id }) => id);

  await index.remove(ids);
  const texts = await textsOf(blobs, tenant, versions);
  await emptyAnswers(db, erasure, await findAffected(db, tenant, documentId, texts), now());
  for (const id of ids) await blobs.remove(blobsOf(tenant, id));
  await db.transaction((sql) => emptyDocument(sql, documentId, now()));
  // An answer that was being given when the first look was taken knows of the erasure by now; one before it is here.
  await emptyAnswers(db, erasure, await findAffected(db, tenant, documentId, texts), now());
  await index.scrub();
  await db.scrub();

  await db.transaction(async (sql) => {
    const at = now();
    const removed = { ...(await removedSoFar(sql, erasure.id)), versions: ids.length };
    const { receipt, digest } = sealReceipt(deps.seal, erasure, versions, removed, at);
    await sql.run("update erasure set state = 'done', receipt = $1, completed_at = $2, removed = $3 where id = $4", [
      JSON.stringify(receipt),
      at,
      JSON.stringify(removed),
      erasure.id,
    ]);
    await appendLeaf(sql, { id: erasure.id, tenant, kind: "erasure", digest, at });
    await postRun(sql, {
      ...{ id: newId(), type: "COMPLETE", runId: erasure.id, tenant, job: "erase", at },
      inputs: [{ name: `document/${documentId}` }],
    });
    const told = { type: "erasure.completed", timestamp: new Date(at).toISOString() };
    const data = { id: erasure.id, tenant, document_id: documentId, removed };
    await post(sql, { id: newId(), tenant, topic: "webhook", body: { ...told, data }, at });
    await queue.complete(job, sql);
  });
}

/** A worker in the middle of a version would write its chunks after they were removed. It soon finds it deleted. */
async function waitForWorkers(sql: Sql, versions: readonly VersionRow[], at: number): Promise<void> {
  for (const { id } of versions) {
    const busy = await sql.get("select 1 as one from job where id = $1 and state = 'leased' and lease_until > $2", [
      id,
      at,
    ]);
    if (busy) throw new AppError("unavailable", "A version of the document is being read. It is erased after that.");
  }
}

async function textsOf(blobs: Blobs, tenant: string, versions: readonly VersionRow[]): Promise<string[]> {
  const texts: string[] = [];
  for (const { id } of versions) {
    const bytes = await blobs.get(textOf(tenant, id)).catch((error: unknown) => {
      if (error instanceof AppError && error.code === "not_found") return undefined;
      throw error;
    });
    if (bytes) texts.push(new TextDecoder().decode(bytes));
  }
  return texts;
}

/** Names and salts. The rows stay, because records name them; what a record commits to can be opened no more. */
async function emptyDocument(sql: Sql, id: string, at: number): Promise<void> {
  await sql.run(
    `update document set title = '', uri = $1, acl = '[]', fingerprint = null, source_id = null, current_version = null,
       deleted_at = coalesce(deleted_at, $2), updated_at = $2 where id = $3`,
    [`erased:${id}`, at, id],
  );
  await sql.run(
    `update document_version set title = '', file_name = '', digest = '', salt = '', revision = null, link = null, retired_at = coalesce(retired_at, $1),
       erased_at = coalesce(erased_at, $1) where document_id = $2`,
    [at, id],
  );
  await sql.run("delete from source_page where document_id = $1", [id]);
}
