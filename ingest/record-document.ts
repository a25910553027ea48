import { audit } from "#shared/audit.ts";
import type { Sql } from "#shared/database.ts";
import type { AclEntry } from "#shared/principal.ts";
import type { NewDocument } from "./accept.ts";
import type { DocumentRow, Store } from "./document-row.ts";
import { enqueueRefile } from "./refile.ts";

const DEFAULT_ACL: readonly AclEntry[] = ["tenant"];

/** The newest version of a known document, with the state of its job. */
export type Latest = {
  readonly id: string;
  readonly digest: string;
  readonly title: string;
  readonly state: string | null;
};

/** The row of a document that nobody has heard of before. */
export async function insertDocument(sql: Sql, id: string, input: NewDocument, now: number): Promise<void> {
  const { tenant, collection, uri, subject, sourceId, fingerprint } = input;
  await sql.run(
    `insert into document (id, tenant, collection, uri, title, acl, source_id, fingerprint, created_by, created_at, updated_at, latest_seq)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 1)`,
    [
      id,
      tenant,
      collection,
      uri,
      input.title ?? input.fileName,
      JSON.stringify(input.acl ?? DEFAULT_ACL),
      sourceId ?? null,
      fingerprint ?? null,
      subject,
      now,
    ],
  );
}

/**
 * A new version of a known document. Who brings a deleted one back becomes its creator, and nothing of what was said
 * about the deleted one holds for it. Resolves to whether the index must be refiled.
 */
export async function renewDocument(
  store: Store,
  sql: Sql,
  existing: DocumentRow,
  latest: Latest | undefined,
  input: NewDocument,
): Promise<boolean> {
  const deleted = existing.deleted_at !== null;
  const untitled = existing.current_version === null && existing.title === latest?.title;
  const title = input.title ?? (untitled || deleted ? input.fileName : existing.title);
  const kept = deleted ? JSON.stringify(DEFAULT_ACL) : existing.acl;
  const acl = input.acl ? JSON.stringify(input.acl) : kept;
  const creator = deleted ? input.subject : existing.created_by;
  await sql.run(
    `update document set title = $1, acl = $2, source_id = $3, fingerprint = $4, created_by = $5, updated_at = $6,
       latest_seq = latest_seq + 1, deleted_at = null where id = $7`,
    [title, acl, input.sourceId ?? null, input.fingerprint ?? null, creator, store.now(), existing.id],
  );
  return !deleted && reopened(store, sql, existing, acl, input.subject);
}

/** Same bytes: only what was said about them may change. Resolves to whether the index must be refiled. */
export async function touchDocument(
  store: Store,
  sql: Sql,
  existing: DocumentRow,
  input: NewDocument,
): Promise<boolean> {
  const title = input.title ?? existing.title;
  const acl = input.acl ? JSON.stringify(input.acl) : existing.acl;
  const fingerprint = input.fingerprint ?? existing.fingerprint;
  if (title === existing.title && acl === existing.acl && fingerprint === existing.fingerprint) return false;
  await sql.run("update document set title = $1, acl = $2, fingerprint = $3, updated_at = $4 where id = $5", [
    title,
    acl,
    fingerprint,
    store.now(),
    existing.id,
  ]);
  return reopened(store, sql, existing, acl, input.subject);
}

/** What an ACL change leaves behind in its transaction, whichever way it came. Resolves to whether there is one. */
async function reopened(store: Store, sql: Sql, before: DocumentRow, acl: string, subject: string): Promise<boolean> {
  if (acl === before.acl) return false;
  await enqueueRefile(sql, store, before);
  await audit(store, sql, { tenant: before.tenant, subject }, "document.patch", before.id);
  return true;
}
