import type { Envelope } from "#shared/lineage/dsse.ts";

/** How many of each thing an erasure removed or emptied. */
export type Removed = {
  readonly versions: number;
  readonly answers: number;
  readonly messages: number;
};

export type Erasure = {
  readonly id: string;
  readonly tenant: string;
  readonly document_id: string;
  readonly uri_digest: string;
  readonly reason: string;
  readonly requested_by: string;
  readonly requested_at: number;
  readonly state: "running" | "done";
  /** JSON of `Removed`, as far as the job has come. */
  readonly removed: string | null;
  /** JSON of a DSSE envelope; only of those that are done. */
  readonly receipt: string | null;
  readonly completed_at: number | null;
};

const time = (ms: number | null): string | null => (ms === null ? null : new Date(Number(ms)).toISOString());

/** An erasure as administrators see it; times in ISO 8601. */
export const erasureView = (row: Erasure) => ({
  id: row.id,
  document_id: row.document_id,
  reason: row.reason,
  state: row.state,
  requested_by: row.requested_by,
  requested_at: time(row.requested_at),
  completed_at: time(row.completed_at),
  removed: row.removed === null ? null : (JSON.parse(row.removed) as Removed),
  receipt: row.receipt === null ? null : (JSON.parse(row.receipt) as Envelope),
});
