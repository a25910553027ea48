import { aclOf, type DocumentRow } from "../document-row.ts";
import type { VersionState } from "../documents.ts";
import type { Source } from "../sources/sources.ts";

const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export const documentView = (row: DocumentRow) => ({
  id: row.id,
  uri: row.uri,
  title: row.title,
  collection: row.collection,
  acl: aclOf(row),
  state: row.current_version !== null ? "ready" : row.latest_job === "dead" ? "failed" : "pending",
  current_version: row.current_version,
  created_by: row.created_by,
  created_at: time(row.created_at),
  updated_at: time(row.updated_at),
});

export const versionView = (row: VersionState) => ({
  id: row.id,
  title: row.title,
  file_name: row.file_name,
  media_type: row.media_type,
  bytes: Number(row.bytes),
  digest: `sha256:${row.digest}`,
  code_points: row.code_points,
  passages: row.passages,
  state:
    row.retired_at !== null ? "retired" : row.ready_at !== null ? "ready" : row.state === "dead" ? "failed" : "pending",
  reason: row.state === "done" ? null : row.reason,
  code: row.state === "done" ? null : row.code,
  created_at: time(row.created_at),
  ready_at: time(row.ready_at),
  retired_at: time(row.retired_at),
});

/** A job's row without what workers need. */
export type JobRow = {
  readonly id: string;
  readonly kind: string;
  readonly payload: string;
  readonly state: string;
  readonly step: string | null;
  readonly attempts: number;
  readonly reason: string | null;
  readonly code: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly finished_at: number | null;
};

export const jobView = (row: JobRow) => {
  const { documentId, versionId } = JSON.parse(row.payload) as { documentId?: string; versionId?: string };
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

export const sourceView = (row: Source) => ({
  id: row.id,
  kind: row.kind,
  location: row.location,
  collection: row.collection,
  acl: JSON.parse(row.acl) as string[],
  created_at: time(row.created_at),
  synced_at: time(row.synced_at),
});
