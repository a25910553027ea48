import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { silentLog } from "#shared/log.ts";
import { createServer } from "#shared/server.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { mountIngest } from "../../ingest/api/app.ts";
import { reconcile } from "../../ingest/reconcile.ts";
import type { GenerationIndex } from "../../ingest/reindex/reindex-row.ts";
import { computingMs } from "../helpers/computing-ms.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const accept = (text: string, uri: string) =>
  acceptDocument(rig.store, {
    tenant: "local",
    subject: "admin",
    collection: "default",
    uri,
    fileName: "a.md",
    mediaType: "text/markdown",
    priority: 1,
    bytes: new TextEncoder().encode(text),
  });

test("an index that agrees with the database is left alone", async () => {
  await accept("One\n\nText.", "upload:///a.md");
  await rig.work();
  expect(await reconcile(rig.db, rig.index)).toEqual({ removed: 0, requeued: 0 });
});

test("versions without a reader leave the index and those in progress stay", async () => {
  const { versionId } = await accept("One\n\nText.", "upload:///a.md");
  rig.held.set(versionId, { filing: { tenant: "local", collection: "default", acl: [] }, chunks: [] });
  rig.held.set("left-over", { filing: { tenant: "local", collection: "default", acl: [] }, chunks: [] });
  expect(await reconcile(rig.db, rig.index)).toEqual({ removed: 1, requeued: 0 });
  expect([...rig.held.keys()]).toEqual([versionId]);
});

test("current versions that the index lost are ingested again without a second event", async () => {
  const { versionId, documentId } = await accept("One\n\nText.", "upload:///a.md");
  await rig.work();
  rig.held.clear();
  await rig.work();
  expect(rig.held.get(versionId)!.chunks).toHaveLength(2);
  expect(await rig.db.get("select current_version from document where id = $1", [documentId])).toEqual({
    current_version: versionId,
  });
  expect(await rig.db.all("select kind from ingestion_event")).toHaveLength(1);
});

test("five thousand versions are compared in less than half a second of computing", async () => {
  await rig.db.transaction(async (sql) => {
    for (let i = 0; i < 5000; i++) {
      await sql.run(
        `insert into document (id, tenant, collection, uri, title, acl, created_by, created_at, updated_at, current_version, latest_seq)
         values ($1, 'local', 'default', $1, 't', '["tenant"]', 'admin', 0, 0, $2, 1)`,
        [`d${i}`, `v${i}`],
      );
      await sql.run(
        `insert into document_version (id, document_id, tenant, seq, title, digest, salt, bytes, media_type, file_name, created_at, ready_at)
         values ($1, $2, 'local', 1, 't', 'x', 'x', 1, 'text/plain', 'f', 0, 0)`,
        [`v${i}`, `d${i}`],
      );
      rig.held.set(`v${i}`, { filing: { tenant: "local", collection: "default", acl: [] }, chunks: [] });
    }
  });
  const before = computingMs();
  expect(await reconcile(rig.db, rig.index)).toEqual({ removed: 0, requeued: 0 });
  expect(computingMs() - before).toBeLessThan(500);
});

test("a reconciliation that is asked for lists the index once, tells what it found and repairs it", async () => {
  const { versionId } = await accept("One\n\nText.", "upload:///a.md");
  await rig.work();
  rig.held.clear();
  rig.held.set("left-over", { filing: { tenant: "local", collection: "default", acl: [] }, chunks: [] });
  let listings = 0;
  const versions = () => {
    listings += 1;
    return rig.index.versions();
  };
  const server = createServer({ service: "ingest-api", version: "0", log: silentLog, metrics: createMetrics() });
  const reach = { folders: [], prefixes: [], origins: [], blobs: undefined, isOperator: true };
  const generations = { ...rig.index, versions } as unknown as GenerationIndex;
  const authenticate = async () => LOCAL_ADMIN;
  mountIngest(server, { ...rig.store, authenticate, log: silentLog, reach, generations });
  const ask = async (dry_run: boolean) =>
    (await server.inject({ method: "POST", url: "/v1/reconciliations", payload: { dry_run } })).json();
  const found = {
    left_over: { count: 1, version_ids: ["left-over"] },
    missing: { count: 1, version_ids: [versionId] },
  };
  expect(await ask(true)).toMatchObject({ dry_run: true, index: found });
  expect(await ask(false)).toMatchObject({ dry_run: false, index: found });
  expect(listings).toBe(2);
  await server.close();
  await rig.work();
  expect([...rig.held.keys()]).toEqual([versionId]);
});
