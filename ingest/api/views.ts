import { aclOf, type DocumentRow } from "../document-row.ts";
import { stateOf, type VersionState } from "../documents.ts";
import { type JobRow, payloadOf } from "../jobs.ts";
import { type ReindexRow, reportOf } from "../reindex/reindex-row.ts";
import type { Source } from "../sources/sources.ts";

const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** A document without what only the database needs; times in ISO 8601. */
export const documentView = (row: DocumentRow) => ({
  id: row.id,
  uri: row.uri,
  title: row.title,
  collection: row.collection,
  acl: aclOf(row),
  state: stateOf(row),
  current_version: row.current_version,
  created_by: row.created_by,
  created_at: time(row.created_at),
  updated_at: time(row.updated_at),
});

/** A version without its salt: with it, a guessed text could be checked against the public log. */
export const versionView = (row: VersionState) => ({
  id: row.id,
  title: row.title,
  file_name: row.file_name,
  media_type: row.media_type,
  bytes: Number(row.bytes),
  digest: `sha256:${row.digest}`,
  code_points: row.code_points,
  passages: row.passages,
  parser: row.parser,
  ingest_run: row.run_id,
  revision: row.revision,
  link: row.link,
  state:
    row.retired_at !== null ? "retired" : row.ready_at !== null ? "ready" : row.state === "dead" ? "failed" : "pending",
  reason: row.state === "done" ? null : row.reason,
  code: row.state === "done" ? null : row.code,
  created_at: time(row.created_at),
  ready_at: time(row.ready_at),
  retired_at: time(row.retired_at),
});

/** A job with the ids of what it is about. */
export const jobView = (row: JobRow) => {
  const { documentId, versionId } = payloadOf(row);
  const { id, kind, state, step, attempts } = row;
  // What an earlier attempt failed over is of no interest once a later one succeeded.
  const [reason, code] = state === "done" ? [null, null] : [row.reason, row.code];
  return {
    id,
    kind,
    document_id: documentId ?? null,
    version_id: versionId ?? null,
    state,
    step,
    attempts,
    reason,
    code,
    created_at: time(row.created_at),
    updated_at: time(row.updated_at),
    finished_at: time(row.finished_at),
  };
};

/** A source as administrators see it, its path and how its last sync went included. */
export const sourceView = (row: Source) => ({
  id: row.id,
  kind: row.kind,
  location: row.location,
  collection: row.collection,
  acl: JSON.parse(row.acl) as string[],
  ...(row.kind === "web" && { web: JSON.parse(row.settings) as object }),
  schedule: row.schedule,
  timezone: row.timezone,
  next_sync_at: time(row.next_at),
  state: row.sync_state,
  progress: row.progress === null ? null : (JSON.parse(row.progress) as object),
  report: row.report === null ? null : (JSON.parse(row.report) as object),
  problem: row.problem === null ? null : { code: row.problem_code, message: row.problem },
  created_at: time(row.created_at),
  attempted_at: time(row.attempted_at),
  synced_at: time(row.synced_at),
});

/** A generation in the making. */
export const reindexView = (row: ReindexRow) => ({
  generation: row.generation,
  state: row.state,
  done: Number(row.done),
  total: Number(row.total),
  report: reportOf(row),
  before: row.before,
  created_by: row.created_by,
  created_at: time(row.created_at),
  updated_at: time(row.updated_at),
});
