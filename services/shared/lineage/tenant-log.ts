import type { Sql } from "../database.ts";
import { AppError } from "../errors.ts";
import { logTree } from "./log-tree.ts";
import type { Hash } from "./merkle.ts";
import { tileReader } from "./tile-store.ts";

/** Where a leaf is in a log, with what proves it. Hashes are in base64. */
export type LogProof = { readonly checkpoint: string; readonly index: number; readonly hashes: string[] };

export type LogHead = { readonly origin: string; readonly size: number; readonly root: string };

/** What the tenant's log holds now; its root in base64. `undefined` before its first leaf has its place. */
export async function logHead(sql: Sql, tenant: string): Promise<LogHead | undefined> {
  const row = await sql.get<{ origin: string; size: number; root: string }>(
    "select origin, size, root from log_head where tenant = $1",
    [tenant],
  );
  return row && { origin: row.origin, size: Number(row.size), root: row.root };
}

/** The newest checkpoint of a tenant's log; `undefined` before its first leaf. */
export async function latestCheckpoint(
  sql: Sql,
  tenant: string,
): Promise<{ readonly size: number; readonly checkpoint: string } | undefined> {
  const row = await sql.get<{ size: number; checkpoint: string }>(
    "select size, checkpoint from log_checkpoint where tenant = $1 order by size desc limit 1",
    [tenant],
  );
  return row && { size: Number(row.size), checkpoint: row.checkpoint };
}

/**
 * Proves that the leaf (id of an answer or event) is in the tree of the newest checkpoint. `undefined` while it waits
 * for its place, and for leaves of other tenants.
 */
export async function proveInclusion(sql: Sql, tenant: string, leafId: string): Promise<LogProof | undefined> {
  const leaf = await sql.get<{ sequence: number | null }>(
    "select sequence from log_leaf where id = $1 and tenant = $2",
    [leafId, tenant],
  );
  if (!leaf || leaf.sequence === null) return undefined;
  const index = Number(leaf.sequence);
  const latest = await latestCheckpoint(sql, tenant);
  if (!latest) return undefined;
  const hashes = await logTree(tileReader(sql, tenant)).inclusion(index, latest.size);
  return { checkpoint: latest.checkpoint, index, hashes: hashes.map(inBase64) };
}

/** Proves that the log of `newer` leaves begins with the one of `older`. Throws `invalid_request` for sizes it never had. */
export async function proveConsistency(sql: Sql, tenant: string, older: number, newer: number): Promise<string[]> {
  const size = (await latestCheckpoint(sql, tenant))?.size ?? 0;
  if (older > newer || newer > size) {
    const message = `The log has ${size} leaves: give sizes with from <= to <= ${size}.`;
    throw new AppError("invalid_request", message, { param: newer > size ? "to" : "from" });
  }
  if (older === 0) return [];
  const hashes = await logTree(tileReader(sql, tenant)).consistency(older, newer);
  return hashes.map(inBase64);
}

const inBase64 = (hash: Hash): string => hash.toString("base64");
