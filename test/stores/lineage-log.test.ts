import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sha256 } from "#shared/digest.ts";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { appendLeaf, type LeafKind, leafEntry } from "#shared/lineage/append-leaf.ts";
import { openCheckpoint } from "#shared/lineage/checkpoint.ts";
import { type KeyRing, openKeyRing } from "#shared/lineage/key-ring.ts";
import { isConsistent, leafHash, rootOf } from "#shared/lineage/merkle.ts";
import { publishKeys } from "#shared/lineage/published-keys.ts";
import { sequence } from "#shared/lineage/sequence.ts";
import { latestCheckpoint, proveConsistency } from "#shared/lineage/tenant-log.ts";
import { verifyBundle } from "#shared/lineage/verify-bundle.ts";
import { openState, type State } from "#shared/open-state.ts";
import { readStateSettings } from "#shared/state-settings.ts";
import { loadBundle } from "../../services/retrieval-api/lineage/load-bundle.ts";
import { makeAnswers, makeVersions } from "../helpers/made-answers.ts";
import { newDatabase } from "../helpers/postgres-server.ts";

const REPLICAS = 4;
const folder = mkdtempSync(join(tmpdir(), "cairn-log-"));
let replicas: State[];
let ring: KeyRing;
let drop: () => Promise<void>;
beforeAll(async () => {
  const database = await newDatabase(process.env.CAIRN_TEST_DATABASE_URL!);
  drop = database.drop;
  const settings = readStateSettings({ DATABASE_URL: database.url, CAIRN_DATA: folder });
  replicas = [];
  for (let i = 0; i < REPLICAS; i++) replicas.push(await openState(settings));
  ring = await openKeyRing(join(folder, "signing-keys.json"), () => 0);
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await drop();
  rmSync(folder, { recursive: true });
});

type Leaf = { id: string; kind: LeafKind; digest: string; sequence: number };

test("replicas that write and sequence at once on PostgreSQL make one log without gaps or forks", async () => {
  const [{ db }] = replicas as [State];
  await Promise.all(
    replicas.map(async (replica, r) => {
      for (let i = 0; i < 25; i++) {
        const id = `${r}-${i}`;
        await replica.db.transaction(async (sql) => {
          await appendLeaf(sql, { id, tenant: "acme", kind: "upsert", digest: sha256(id), at: i });
          // Its transaction stays open while others sequence: the leaf gets a later place than its time would give it.
          if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        });
        await sequence(replica.db, ring, "acme", Date.now);
      }
    }),
  );
  const leaves = await db.all<Leaf>(
    "select id, kind, digest, sequence from log_leaf where tenant = 'acme' order by sequence",
  );
  expect(leaves.map((leaf) => Number(leaf.sequence))).toEqual(Array.from({ length: 25 * REPLICAS }, (_, i) => i));
  const hashes = leaves.map((leaf) => leafHash(leafEntry(leaf)));
  const notes = await db.all<{ checkpoint: string }>("select checkpoint from log_checkpoint where tenant = 'acme'");
  const newest = { size: hashes.length, root: rootOf(hashes) };
  for (const { checkpoint } of notes) {
    const { size, root } = openCheckpoint(checkpoint, ring.published())!;
    expect(root.equals(rootOf(hashes.slice(0, size)))).toBe(true);
    const proof = (await proveConsistency(db, "acme", size, hashes.length)).map((hash) => Buffer.from(hash, "base64"));
    expect(isConsistent({ size, root }, newest, proof)).toBe(true);
  }
  expect((await latestCheckpoint(db, "acme"))!.size).toBe(hashes.length);
});

test("records that were written to PostgreSQL verify", async () => {
  const [{ db }] = replicas as [State];
  await publishKeys(db, ring.published());
  await db.transaction((sql) => makeVersions(sql, "local"));
  await makeAnswers(db, 40, ["local"], 1, ring);
  while ((await sequence(db, ring, "local", Date.now)) > 0);
  const answers = await db.all<{ id: string }>("select id from answer where tenant = 'local'");
  expect(answers).toHaveLength(40);
  for (const { id } of answers) {
    const bundle = await loadBundle(db, LOCAL_ADMIN, id);
    expect(bundle.log).not.toBeNull();
    expect(verifyBundle(JSON.stringify(bundle)).ok).toBe(true);
  }
});
