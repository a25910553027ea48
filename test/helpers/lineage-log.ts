import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "#shared/digest.ts";
import { appendLeaf, type LeafKind, leafEntry } from "#shared/lineage/append-leaf.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";
import { type Hash, leafHash } from "#shared/lineage/merkle.ts";
import { migrate } from "#shared/migrations.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";

/** Logs in a temporary folder. */
export async function openLogs() {
  const folder = mkdtempSync(join(tmpdir(), "cairn-log-"));
  const db = openSqliteDatabase(join(folder, "state.db"));
  await migrate(db);
  const ring = await openKeyRing(join(folder, "signing-keys.json"));
  let made = 0;
  return {
    folder,
    db,
    ring,
    async append(tenant: string, count: number, kind: LeafKind = "answer"): Promise<void> {
      await db.transaction(async (sql) => {
        for (let i = 0; i < count; i++) {
          made += 1;
          await appendLeaf(sql, { id: `leaf-${made}`, tenant, kind, digest: sha256(`${made}`), at: made });
        }
      });
    },
    /** Leaf hashes in the order that the log gave them. */
    async hashes(tenant: string): Promise<Hash[]> {
      const rows = await db.all<{ id: string; kind: LeafKind; digest: string; sequence: number }>(
        "select id, kind, digest, sequence from log_leaf where tenant = $1 and sequence is not null order by sequence",
        [tenant],
      );
      rows.forEach(({ sequence }, i) => {
        if (sequence !== i) throw new Error(`Leaf ${i} has the place ${sequence}`);
      });
      return rows.map((row) => leafHash(leafEntry(row)));
    },
    async close(): Promise<void> {
      await db.close();
      rmSync(folder, { recursive: true });
    },
  };
}
