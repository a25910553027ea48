import { randomBytes } from "node:crypto";
import type { Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import type { AclEntry } from "#shared/principal.ts";
import { enqueue } from "#shared/queue.ts";
import { concurrently } from "./concurrently.ts";
import type { DocumentRow, Store } from "./document-row.ts";
import { audit } from "./documents.ts";
import { type Draft, discard, draftOf, unacknowledged } from "./draft.ts";
import { refileDocument } from "./refile.ts";

const BLOBS_AT_ONCE = 16;
const SALT_BYTES = 16;
const DEFAULT_ACL: readonly AclEntry[] = ["tenant"];

/** Lower is sooner: somebody waits for an upload, nobody for a sync. */
export const PRIORITY = { upload: 1, source: 2 } as const;

export type NewDocument = {
  readonly tenant: string;
  readonly subject: string;
  readonly collection: string;
  /** Tenant, collection and uri identify a document: the same again is a new version of it. */
  readonly uri: string;
  /** Without it the document keeps the title it has, or gets the one found in its text. */
  readonly title?: string | undefined;
  /** Without it the document keeps the ACL it has; a new one is open to its tenant. */
  readonly acl?: readonly AclEntry[] | undefined;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly sourceId?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly priority: number;
  /** Whether the caller may put new content into this existing document. Without it: yes. */
  readonly mayReplace?: (existing: DocumentRow) => boolean;
};

/** A version's job has the version's id, so each finds the other without a search. */
export type Accepted = {
  readonly documentId: string;
  readonly versionId: string;
  readonly jobId: string;
  readonly unchanged: boolean;
};

export async function acceptDocument(store: Store, input: NewDocument): Promise<Accepted> {
  const [accepted] = await acceptDocuments(store, [input]);
  return accepted!;
}

/**
 * Bytes first, then document, version, job and audit rows of all inputs in one transaction: what is acknowledged
 * survives any crash, and a crash before that leaves at most bytes that nothing refers to. Rejects with
 * `conflict` when an existing document is not the caller's to replace.
 */
export async function acceptDocuments(store: Store, inputs: readonly NewDocument[]): Promise<Accepted[]> {
  const drafts = inputs.map((input) => draftOf(store, input));
  try {
    await concurrently(drafts, BLOBS_AT_ONCE, async (draft) => {
      if (!(await sameContent(store.db, draft))) await draft.store();
    });
    const results = await store.db.transaction(async (sql) => {
      const recorded: Recorded[] = [];
      for (const draft of drafts) recorded.push(await record(store, sql, draft));
      return recorded;
    });
    await discard(
      store,
      drafts.filter((_, i) => results[i]!.unchanged),
    );
    for (const { documentId, refile } of results) if (refile) await refileDocument(store.db, store.index, documentId);
    return results.map(({ refile: _, ...accepted }) => accepted);
  } catch (error) {
    await discard(store, await unacknowledged(store, drafts));
    throw error;
  }
}

type Latest = { readonly id: string; readonly digest: string; readonly title: string; readonly state: string | null };

const findDocument = (sql: Sql, { tenant, collection, uri }: NewDocument): Promise<DocumentRow | undefined> =>
  sql.get<DocumentRow>("select * from document where tenant = $1 and collection = $2 and uri = $3", [
    tenant,
    collection,
    uri,
  ]);

const findLatest = (sql: Sql, document: DocumentRow): Promise<Latest | undefined> =>
  sql.get<Latest>(
    `select v.id, v.digest, v.title, j.state from document_version v left join job j on j.id = v.id
     where v.document_id = $1 and v.seq = $2`,
    [document.id, document.latest_seq],
  );

// A version that failed for good is no reason to refuse the same bytes: the parser may have learned to read them.
const isSame = (document: DocumentRow, latest: Latest | undefined, digest: string): latest is Latest =>
  document.deleted_at === null && latest?.digest === digest && latest.state !== "dead";

async function sameContent(sql: Sql, { input, digest }: Draft): Promise<boolean> {
  const existing = await findDocument(sql, input);
  return existing !== undefined && isSame(existing, await findLatest(sql, existing), digest);
}

type Recorded = Accepted & { readonly refile: boolean };

async function record(store: Store, sql: Sql, draft: Draft): Promise<Recorded> {
  const { input, digest, versionId } = draft;
  const existing = await findDocument(sql, input);
  if (existing?.deleted_at === null && input.mayReplace?.(existing) === false) {
    throw new AppError("conflict", "Another document has this uri. Choose another uri.", { param: "uri" });
  }
  const latest = existing && (await findLatest(sql, existing));
  const now = store.now();
  if (existing && isSame(existing, latest, digest)) {
    const refile = await touch(sql, existing, input, now);
    return { documentId: existing.id, versionId: latest.id, jobId: latest.id, unchanged: true, refile };
  }
  await draft.store();
  const documentId = existing ? existing.id : store.newId();
  const seq = existing ? existing.latest_seq + 1 : 1;
  if (existing) await renew(sql, existing, latest, input, now);
  else await insert(sql, documentId, input, now);
  const salt = randomBytes(SALT_BYTES).toString("hex");
  const { tenant, subject, fileName, mediaType, priority } = input;
  await sql.run(
    `insert into document_version (id, document_id, tenant, seq, title, digest, salt, bytes, media_type, file_name, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [versionId, documentId, tenant, seq, fileName, digest, salt, input.bytes.byteLength, mediaType, fileName, now],
  );
  await enqueue(sql, { id: versionId, tenant, kind: "ingest", payload: { documentId, versionId }, priority }, now);
  await audit(store, sql, { tenant, subject }, "document.accept", documentId);
  const refile = existing?.deleted_at === null && input.acl !== undefined && JSON.stringify(input.acl) !== existing.acl;
  return { documentId, versionId, jobId: versionId, unchanged: false, refile };
}

async function insert(sql: Sql, id: string, input: NewDocument, now: number): Promise<void> {
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

/** A new version of a known document. Who brings a deleted one back becomes its creator. */
async function renew(
  sql: Sql,
  existing: DocumentRow,
  latest: Latest | undefined,
  input: NewDocument,
  now: number,
): Promise<void> {
  const untitled = existing.current_version === null && existing.title === latest?.title;
  const title = input.title ?? (untitled || existing.deleted_at !== null ? input.fileName : existing.title);
  const acl = input.acl ? JSON.stringify(input.acl) : existing.acl;
  const creator = existing.deleted_at === null ? existing.created_by : input.subject;
  await sql.run(
    `update document set title = $1, acl = $2, source_id = $3, fingerprint = $4, created_by = $5, updated_at = $6,
       latest_seq = latest_seq + 1, deleted_at = null where id = $7`,
    [title, acl, input.sourceId ?? null, input.fingerprint ?? null, creator, now, existing.id],
  );
}

/** Same bytes: only what was said about them may change. Resolves to whether the index must be refiled. */
async function touch(sql: Sql, existing: DocumentRow, input: NewDocument, now: number): Promise<boolean> {
  const title = input.title ?? existing.title;
  const acl = input.acl ? JSON.stringify(input.acl) : existing.acl;
  const fingerprint = input.fingerprint ?? existing.fingerprint;
  if (title === existing.title && acl === existing.acl && fingerprint === existing.fingerprint) return false;
  await sql.run("update document set title = $1, acl = $2, fingerprint = $3, updated_at = $4 where id = $5", [
    title,
    acl,
    fingerprint,
    now,
    existing.id,
  ]);
  return acl !== existing.acl;
}
