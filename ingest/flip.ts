import type { Chunk } from "#shared/chunk.ts";
import { codePointLength } from "#shared/codepoints.ts";
import type { Database, Sql } from "#shared/database.ts";
import { commitment } from "#shared/digest.ts";
import type { Filing } from "#shared/index.ts";
import type { Job, Queue } from "#shared/queue.ts";
import type { VersionRow } from "./document-row.ts";
import { logEvent } from "./log-event.ts";
import { enqueueRefile } from "./refile.ts";

/** What a flip needs to know about a version whose text is stored and whose chunks are in the index. */
export type Prepared = {
  readonly job: Job;
  readonly version: VersionRow;
  readonly filing: Filing;
  readonly parsed: {
    readonly title: string;
    readonly mediaType: string;
    readonly parser: string;
    readonly text: string;
  };
  readonly chunks: readonly Chunk[];
};

type State = {
  readonly acl: string;
  readonly title: string;
  readonly deleted_at: number | null;
  readonly current_version: string | null;
  readonly retired_at: number | null;
  readonly current_seq: number | null;
  readonly current_title: string | null;
};

export type Flipped = {
  readonly done: Job[];
  /** Version ids whose chunks have no reader any more. */
  readonly leaving: string[];
  /** Of those, versions of deleted documents: their bytes go too. */
  readonly erased: string[];
  /** Versions whose ACL changed after their chunks were written. */
  readonly refile: string[];
};

type Deps = { readonly db: Database; readonly queue: Queue; readonly now: () => number; readonly newId: () => string };

/**
 * The moment at which searchers see a batch: new current versions, retired old ones, finished jobs and the
 * ingestion log in one transaction. A version that was overtaken or deleted meanwhile is not made current; one
 * whose lease was lost is left alone, because whoever took the job is at work on the same chunks.
 */
export async function flip(deps: Deps, batch: readonly Prepared[]): Promise<Flipped> {
  return deps.db.transaction(async (sql) => {
    const flipped: Flipped = { done: [], leaving: [], erased: [], refile: [] };
    for (const prepared of batch.toSorted((a, b) => a.version.seq - b.version.seq))
      await flipOne(deps, sql, prepared, flipped);
    return flipped;
  });
}

async function flipOne(
  { queue, now, newId }: Deps,
  sql: Sql,
  { job, version, filing, parsed, chunks }: Prepared,
  flipped: Flipped,
) {
  const state = await stateOf(sql, version.id);
  const held = await queue.complete(job, sql);
  if (held) flipped.done.push(job);
  if (!state || isStale(state, version)) {
    flipped.leaving.push(version.id);
    // A deleted version's own job may have stored its text after the bytes were removed.
    if (!state || state.deleted_at !== null || (state.retired_at !== null && version.ready_at === null)) {
      flipped.erased.push(version.id);
    }
    return;
  }
  if (!held) return;
  const at = now();
  // Salted, so that the public log does not let anyone confirm a guessed text.
  const textCommitment = commitment(version.salt, parsed.text);
  const title = effectiveTitle(state, version, parsed.title);
  await sql.run("update document set current_version = $1, title = $2, updated_at = $3 where id = $4", [
    version.id,
    title,
    at,
    version.document_id,
  ]);
  await sql.run(
    `update document_version set ready_at = coalesce(ready_at, $1), title = $2, media_type = $3, parser = $4, text_commitment = $5,
       code_points = $6, passages = $7 where id = $8`,
    [
      at,
      parsed.title,
      parsed.mediaType,
      parsed.parser,
      textCommitment,
      codePointLength(parsed.text),
      chunks.length,
      version.id,
    ],
  );
  if (JSON.stringify(filing.acl) !== state.acl) {
    flipped.refile.push(version.id);
    await enqueueRefile(sql, { now, newId }, { id: version.document_id, tenant: job.tenant });
  }
  if (state.current_version === version.id) return;
  if (state.current_version !== null) {
    await sql.run("update document_version set retired_at = $1 where id = $2", [at, state.current_version]);
    flipped.leaving.push(state.current_version);
  }
  const { tenant, id: versionId, document_id: documentId } = version;
  await logEvent(sql, { id: newId(), tenant, kind: "upsert", documentId, versionId, commitment: textCommitment, at });
}

/** What decides about a version now; `undefined` when its rows are gone. */
export const stateOf = (sql: Sql, versionId: string): Promise<State | undefined> =>
  sql.get<State>(
    `select d.acl, d.title, d.deleted_at, d.current_version, v.retired_at, c.seq as current_seq, c.title as current_title
     from document_version v join document d on d.id = v.document_id left join document_version c on c.id = d.current_version
     where v.id = $1`,
    [versionId],
  );

/** Whether the version must not become current: deleted, or overtaken by a later one. */
export function isStale(state: State, version: { readonly seq: number }): boolean {
  if (state.deleted_at !== null || state.retired_at !== null) return true;
  return state.current_seq !== null && state.current_seq > version.seq;
}

/** A version remembers the title found in it; a document whose title differs from that was named by a person. */
export function effectiveTitle(state: State, version: { readonly title: string }, found: string): string {
  return state.title === (state.current_title ?? version.title) ? found : state.title;
}
