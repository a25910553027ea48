import { EVERY_TENANT } from "#shared/not-withdrawn.ts";

/** What can be withdrawn, each named by the id that lineage has for it. */
export const KINDS = ["document", "document_version", "model", "prompt", "release", "ingest_run", "parser"] as const;
export type Kind = (typeof KINDS)[number];

/** Kinds that belong to the installation, so that its operator can withdraw them for every tenant at once. */
export const SHARED_KINDS: ReadonlySet<Kind> = new Set(["model", "prompt", "release", "parser"]);

export type Withdrawal = {
  readonly id: string;
  /** `*` is every tenant. */
  readonly tenant: string;
  readonly kind: Kind;
  readonly target: string;
  readonly reason: string;
  readonly created_by: string;
  readonly at: number;
  readonly lifted_at: number | null;
  readonly lifted_by: string | null;
  readonly lift_reason: string | null;
};

const time = (ms: number | null): string | null => (ms === null ? null : new Date(Number(ms)).toISOString());

/** A withdrawal as auditors see it; times in ISO 8601. */
export const withdrawalView = ({ tenant, ...row }: Withdrawal) => ({
  id: row.id,
  kind: row.kind,
  target: row.target,
  scope: tenant === EVERY_TENANT ? ("installation" as const) : ("tenant" as const),
  reason: row.reason,
  state: row.lifted_at === null ? ("active" as const) : ("lifted" as const),
  created_by: row.created_by,
  created_at: time(row.at),
  lifted_by: row.lifted_by,
  lifted_at: time(row.lifted_at),
  lift_reason: row.lift_reason,
});
