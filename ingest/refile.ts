import type { Database, Sql } from "#shared/database.ts";
import type { SearchIndex } from "#shared/index.ts";
import { enqueue } from "#shared/queue.ts";
import { aclOf } from "./document-row.ts";

type Row = { readonly tenant: string; readonly collection: string; readonly acl: string };

/**
 * Files a version's chunks with the ACL that its document has now. Two callers can overtake each other between
 * reading and writing, so each reads again after writing and repeats until nothing changed.
 */
export async function refile(db: Database, index: Pick<SearchIndex, "refile">, versionId: string): Promise<void> {
  let filed: string | undefined;
  for (;;) {
    const row = await db.get<Row>(
      `select d.tenant, d.collection, d.acl from document d join document_version v on v.document_id = d.id
       where v.id = $1 and d.deleted_at is null`,
      [versionId],
    );
    if (!row || row.acl === filed) return;
    await index.refile(versionId, { tenant: row.tenant, collection: row.collection, acl: aclOf(row) });
    filed = row.acl;
  }
}

/** The versions of a document that searchers see or may see soon: the current one and those in progress. */
export async function refileDocument(
  db: Database,
  index: Pick<SearchIndex, "refile">,
  documentId: string,
): Promise<void> {
  const versions = await db.all<{ id: string }>(
    `select v.id from document_version v join document d on d.id = v.document_id
     where d.id = $1 and v.retired_at is null and (v.id = d.current_version or v.ready_at is null)`,
    [documentId],
  );
  for (const { id } of versions) await refile(db, index, id);
}

/** After a restore: the index may be from another moment than the database, and its ACLs with it. */
export async function refileAll(db: Database, index: Pick<SearchIndex, "refile">): Promise<void> {
  const current = await db.all<{ id: string }>(
    "select current_version as id from document where deleted_at is null and current_version is not null",
  );
  for (const { id } of current) await refile(db, index, id);
}

/** In the transaction that changes an ACL: whatever happens to this process, a worker brings the index after it. */
export function enqueueRefile(
  sql: Sql,
  { now, newId }: { readonly now: () => number; readonly newId: () => string },
  document: { readonly id: string; readonly tenant: string },
): Promise<void> {
  const job = {
    id: newId(),
    tenant: document.tenant,
    kind: "refile",
    payload: { documentId: document.id },
    priority: 0,
  };
  return enqueue(sql, job, now());
}
