import type { Database } from "../database.ts";
import { type LeafKind, leafEntry } from "./append-leaf.ts";
import { signCheckpoint } from "./checkpoint.ts";
import type { KeyRing } from "./key-ring.ts";
import { logTree } from "./log-tree.ts";
import { EMPTY_ROOT, leafHash } from "./merkle.ts";
import { appendHashes, tileReader } from "./tile-store.ts";

/** Leaves a transaction: others wait for it to end. */
const BATCH = 1000;

type Pending = { readonly id: string; readonly kind: LeafKind; readonly digest: string };

/**
 * Gives the tenant's waiting leaves their places in the tree and signs a checkpoint over it, in one transaction. Of
 * several replicas that come at once, one does the work. Resolves to the number of leaves; it may have left more.
 */
export async function sequence(db: Database, ring: KeyRing, tenant: string, now: () => number): Promise<number> {
  return db.transaction(async (sql) => {
    await sql.run(
      "insert into log_head (tenant, origin, size, root) values ($1, $2, 0, $3) on conflict (tenant) do nothing",
      [tenant, `cairn/${crypto.randomUUID().slice(0, 8)}/${tenant}`, EMPTY_ROOT.toString("base64")],
    );
    // Changes nothing, but holds the row until the end: whoever comes second goes on from there.
    await sql.run("update log_head set size = size where tenant = $1", [tenant]);
    const head = await sql.get<{ origin: string; size: number }>(
      "select origin, size from log_head where tenant = $1",
      [tenant],
    );
    const leaves = await sql.all<Pending>(
      `select id, kind, digest from log_leaf where tenant = $1 and sequence is null order by at, id limit ${BATCH}`,
      [tenant],
    );
    if (!head || leaves.length === 0) return 0;
    const { origin } = head;
    const size = Number(head.size);
    for (const [i, { id }] of leaves.entries()) {
      await sql.run("update log_leaf set sequence = $1 where id = $2", [size + i, id]);
    }
    const hashes = leaves.map((leaf) => leafHash(leafEntry(leaf)));
    await appendHashes(sql, tenant, size, hashes);
    const grown = size + leaves.length;
    const at = now();
    const root = await logTree(tileReader(sql, tenant)).root(grown);
    await sql.run("update log_head set size = $1, root = $2 where tenant = $3", [
      grown,
      root.toString("base64"),
      tenant,
    ]);
    const checkpoint = signCheckpoint(ring, { origin, size: grown, root, at });
    if (!checkpoint) throw new Error("No signing key is valid now, so the log cannot go on. Check the clock.");
    await sql.run("insert into log_checkpoint (tenant, size, checkpoint, at) values ($1, $2, $3, $4)", [
      tenant,
      grown,
      checkpoint,
      at,
    ]);
    return leaves.length;
  });
}
