import { join } from "node:path";
import { sha256 } from "#shared/digest.ts";
import { appendLeaf } from "#shared/lineage/append-leaf.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";
import { sequence } from "#shared/lineage/sequence.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";

/** A replica: writes leaves and sequences the log over and over, with others beside it. */
const [folder = "", name = "", rounds = "0"] = process.argv.slice(2);
const db = openSqliteDatabase(join(folder, "state.db"));
const ring = await openKeyRing(join(folder, "signing-keys.json"));
for (let i = 0; i < Number(rounds); i++) {
  const id = `${name}-${i}`;
  await db.transaction((sql) => appendLeaf(sql, { id, tenant: "one", kind: "answer", digest: sha256(id), at: i }));
  await sequence(db, ring, "one", Date.now);
}
await db.close();
