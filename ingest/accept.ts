import { audit } from "#shared/audit.ts";
import { concurrently } from "#shared/concurrently.ts";
import type { Sql } from "#shared/database.ts";
import { newSalt } from "#shared/digest.ts";
import { isErased } from "#shared/erased.ts";
import { AppError } from "#shared/errors.ts";
import { postRun } from "#shared/openlineage.ts";
import type { AclEntry } from "#shared/principal.ts";
import { enqueue } from "#shared/queue.ts";
import type { DocumentRow, Store } from "./document-row.ts";
import { rowOf } from "./documents.ts";
import { type Draft, discard, draftOf, unacknowledged } from "./draft.ts";
import { insertDocument, type Latest, renewDocument, touchDocument } from "./record-document.ts";
import { refileDocument } from "./refile.ts";

const BLOBS_AT_ONCE = 16;

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
  /** Without it the document keeps the ACL it has; one that is new, or comes back after its deletion, is open to its tenant. */
  readonly acl?: readonly AclEntry[] | undefined;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly sourceId?: string | undefined;
  readonly fingerprint?: string | undefined;
  /** The state of the source that the bytes are of. */
  readonly origin?: { readonly revision?: string | undefined; readonly link?: string | undefined } | undefined;
  /** The run that brings it, such as one sync of a folder. Without it, those accepted together are a run of their own. */
  readonly runId?: string | undefined;
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
  /** As it was committed: the caller may have given it to others, and could not read it back. */
  readonly document: DocumentRow;
};

/** `acceptDocuments` for one. */
export async function acceptDocument(store: Store, input: NewDocument): Promise<Accepted> {
  const [accepted] = await acceptDocuments(store, [input]);
  return accepted!;
}

/**
 * Bytes first, then document, version, job and audit rows of all inputs in one transaction: what is acknowledged
 * survives any crash, and a crash before that leaves at most bytes that nothing refers to. Rejects with
 * `conflict` when an existing document is not the caller's to replace, and when a source brings back an erased one.
 */
export async function acceptDocuments(store: Store, inputs: readonly NewDocument[]): Promise<Accepted[]> {
  const drafts = inputs.map((input) => draftOf(store, input));
  try {
    await concurrently(drafts, BLOBS_AT_ONCE, async (draft) => {
      if (!(await sameContent(store.db, draft))) await draft.store();
    });
    const ownRun = store.newId();
    const results = await store.db.transaction(async (sql) => {
      const recorded: Recorded[] = [];
      for (const draft of drafts) recorded.push(await record(store, sql, draft, draft.input.runId ?? ownRun));
      return recorded;
    });
    await discard(
      store,
      drafts.filter((_, i) => results[i]!.unchanged),
    );
    for (const { documentId, refile } of results) {
      // Committed is accepted: where this fails, the job that came with it brings the index after the database.
      if (refile) await refileDocument(store.db, store.index, documentId).catch(() => undefined);
    }
    return results.map(({ refile: _, ...accepted }) => accepted);
  } catch (error) {
    await discard(store, await unacknowledged(store, drafts));
    throw error;
  }
}

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

async function record(store: Store, sql: Sql, draft: Draft, runId: string): Promise<Recorded> {
  const { input, digest, versionId } = draft;
  const existing = await findDocument(sql, input);
  if (existing?.deleted_at === null && input.mayReplace?.(existing) === false) {
    throw new AppError("conflict", "Another document has this uri. Choose another uri.", { param: "uri" });
  }
  if (input.sourceId !== undefined && (await isErased(sql, input)))
    throw new AppError("conflict", "This document was erased. Upload it by hand to bring it back.", { param: "uri" });
  const latest = existing && (await findLatest(sql, existing));
  if (existing && isSame(existing, latest, digest)) {
    const refile = await touchDocument(store, sql, existing, input);
    const ids = { documentId: existing.id, versionId: latest.id, jobId: latest.id };
    return { ...ids, unchanged: true, refile, document: await rowOf(sql, existing.id) };
  }
  await draft.store();
  const now = store.now();
  const documentId = existing ? existing.id : store.newId();
  const seq = existing ? existing.latest_seq + 1 : 1;
  const refile = existing ? await renewDocument(store, sql, existing, latest, input) : false;
  if (!existing) await insertDocument(sql, documentId, input, now);
  const { tenant, subject, fileName, mediaType, priority } = input;
  await sql.run(
    `insert into document_version (id, document_id, tenant, seq, title, digest, salt, bytes, media_type, file_name, created_at, run_id, revision, link)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      ...[versionId, documentId, tenant, seq, fileName, digest, newSalt(), input.bytes.byteLength],
      ...[mediaType, fileName, now, runId, input.origin?.revision ?? null, input.origin?.link ?? null],
    ],
  );
  await beginRun(store, sql, input, runId);
  // The subject may follow the job even where the document is not open to them any more.
  const payload = { documentId, versionId, subject };
  await enqueue(sql, { id: versionId, tenant, kind: "ingest", payload, priority }, now);
  await audit(store, sql, { tenant, subject }, "document.accept", documentId);
  const document = await rowOf(sql, documentId);
  return { documentId, versionId, jobId: versionId, unchanged: false, refile, document };
}

/** A run begins with the first version that it brings. One that somebody named is over when they say so. */
async function beginRun(store: Store, sql: Sql, input: NewDocument, runId: string): Promise<void> {
  const { tenant, sourceId, subject } = input;
  const at = store.now();
  const begun = await sql.run(
    `insert into ingest_run (id, tenant, source_id, created_by, at, sealed_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do nothing`,
    [runId, tenant, sourceId ?? null, subject, at, input.runId === undefined ? at : null],
  );
  if (begun === 1) await postRun(sql, { id: store.newId(), type: "START", runId, tenant, job: "ingest", at });
}
