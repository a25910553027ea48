/** What a withdrawal may name of a document, and where a document `d` and its version `v` have it. */
const NAMED = [
  ["document", "d.id"],
  ["document_version", "v.id"],
  ["ingest_run", "v.run_id"],
  ["parser", "v.parser"],
] as const;

/** Withdrawals of the operator that hold for every tenant. */
export const EVERY_TENANT = "*";

/**
 * SQL condition over a version `v` and its document `d`: nothing that made the version has been withdrawn. One
 * look-up in the index of withdrawals for each kind, so that a thousand of them cost a search nothing.
 */
export const NOT_WITHDRAWN = NAMED.map(
  ([kind, target]) => `not exists (select 1 from withdrawal w where w.tenant in (d.tenant, '${EVERY_TENANT}')
    and w.kind = '${kind}' and w.target = ${target} and w.lifted_at is null)`,
).join(" and ");
