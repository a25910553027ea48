import { audit } from "#shared/audit.ts";
import type { Sql } from "#shared/database.ts";
import { uriDigest } from "#shared/erased.ts";
import { AppError } from "#shared/errors.ts";
import { postRun } from "#shared/openlineage.ts";
import type { Principal } from "#shared/principal.ts";
import { enqueue } from "#shared/queue.ts";
import type { DocumentRow, Store } from "../document-row.ts";
import { tombstone } from "../documents.ts";
import type { Erasure } from "./erasure.ts";

/**
 * Begins the end of a document: hidden from every search and answer when this resolves, its content removed by a job.
 * A document that was deleted can be erased too, because answers still hold its words. Asking again gives the erasure
 * that stands. Rejects with `document_not_found` for what the tenant never had.
 */
export async function requestErasure(
  store: Store,
  principal: Principal,
  documentId: string,
  reason: string,
): Promise<{ erasure: Erasure; isNew: boolean }> {
  const { tenant, subject } = principal;
  return store.db.transaction(async (sql) => {
    const row = await sql.get<DocumentRow>("select * from document where id = $1 and tenant = $2", [
      documentId,
      tenant,
    ]);
    if (!row) throw new AppError("document_not_found", "There is no such document.");
    const standing = await sql.get<Erasure>("select * from erasure where tenant = $1 and document_id = $2", [
      tenant,
      documentId,
    ]);
    if (standing) return { erasure: standing, isNew: false };
    // Without the job that would remove the text: the erasure needs it to find who quotes it.
    if (row.deleted_at === null) await sql.run("delete from job where id = $1", [await tombstone(store, sql, row)]);
    const [id, at] = [store.newId(), store.now()];
    await sql.run(
      `insert into erasure (id, tenant, document_id, uri_digest, reason, requested_by, requested_at, state)
       values ($1, $2, $3, $4, $5, $6, $7, 'running')`,
      [id, tenant, documentId, uriDigest(tenant, row.collection, row.uri), reason, subject, at],
    );
    await enqueue(sql, { id, tenant, kind: "erase", payload: { documentId }, priority: 0 }, at);
    await audit(store, sql, principal, "document.erase", documentId);
    const inputs = [{ name: `document/${documentId}` }];
    await postRun(sql, { id: store.newId(), type: "START", runId: id, tenant, job: "erase", inputs, at });
    return { erasure: await erasureOf(sql, principal, id), isNew: true };
  });
}

/** Rejects with `not_found` alike for what is absent and what is another tenant's. */
export async function erasureOf(sql: Sql, { tenant }: Principal, id: string): Promise<Erasure> {
  const row = await sql.get<Erasure>("select * from erasure where id = $1 and tenant = $2", [id, tenant]);
  if (!row) throw new AppError("not_found", "There is no such erasure.");
  return row;
}

/** Newest first. */
export const listErasures = (sql: Sql, { tenant }: Principal, limit: number): Promise<Erasure[]> =>
  sql.all<Erasure>("select * from erasure where tenant = $1 order by requested_at desc, id limit $2", [tenant, limit]);
