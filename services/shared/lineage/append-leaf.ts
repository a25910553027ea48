import type { Sql } from "../database.ts";
import { canonicalJson } from "../digest.ts";

export const LEAF_KINDS = ["answer", "upsert", "delete", "withdrawal", "erasure"] as const;
export type LeafKind = (typeof LEAF_KINDS)[number];

export type Leaf = {
  /** Of the answer or event; unique among all leaves of all tenants. */
  readonly id: string;
  readonly tenant: string;
  readonly kind: LeafKind;
  /** sha256 in hex of what the leaf stands for: a record's payload, or an event's canonical JSON (`digestOfJson`). */
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly at: number;
};

/**
 * Writes a leaf of the tenant's log in the caller's transaction, so that what happened and its leaf are both there or
 * neither is. Its place in the tree is given later, in the background.
 */
export async function appendLeaf(sql: Sql, { id, tenant, kind, digest, at }: Leaf): Promise<void> {
  await sql.run("insert into log_leaf (id, tenant, kind, digest, at) values ($1, $2, $3, $4, $5)", [
    id,
    tenant,
    kind,
    digest,
    at,
  ]);
}

/** The bytes of a leaf in the tree: whoever knows what the leaf stands for can make them. */
export const leafEntry = ({ id, kind, digest }: Pick<Leaf, "id" | "kind" | "digest">): string =>
  canonicalJson({ digest: `sha256:${digest}`, id, kind });
