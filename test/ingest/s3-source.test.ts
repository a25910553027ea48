import { afterEach, beforeEach, expect, test } from "vitest";
import type { S3Access } from "#shared/s3-client.ts";
import { listS3 } from "../../ingest/sources/s3.ts";
import { openSource } from "../../ingest/sources/sources.ts";
import { syncSource } from "../../ingest/sources/sync-source.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";
import { startS3 } from "../helpers/s3-server.ts";

let rig: Rig;
let s3: Awaited<ReturnType<typeof startS3>>;
beforeEach(async () => {
  rig = await openRig();
  s3 = await startS3();
});
afterEach(async () => {
  await rig.close();
  await s3.stop();
});

const put = (key: string, text: string): void => s3.put(`files/${key}`, Buffer.from(text));
async function sync(access: S3Access | undefined) {
  const location = "s3://files/policies";
  const source = await openSource(rig.store, {
    ...{ tenant: "local", subject: "admin", collection: "default", kind: "s3", location, acl: ["group:staff"] },
  });
  return syncSource(rig.store, source, listS3(access, source));
}
const live = async (): Promise<string[]> =>
  (await rig.db.all<{ uri: string }>("select uri from document where deleted_at is null order by uri")).map(
    ({ uri }) => uri,
  );

test("objects below the prefix are taken in, over as many pages of the listing as it has", async () => {
  for (let i = 0; i < 25; i++) put(`policies/p${i}.md`, `policy ${i}`);
  put("policies2/other.md", "not below");
  put("policies/logo.png", "no");
  put("policies/.hidden/x.md", "no");
  put("policies/empty.md", "");
  put("policies/a & <b> ü.md", "odd name");
  expect(await sync(s3.settings)).toMatchObject({ added: 26, skipped: [{ path: "empty.md" }] });
  expect(await live()).toContain("s3://files/policies/a & <b> ü.md");
  expect(await sync(s3.settings)).toMatchObject({ added: 0, changed: 0, unchanged: 26 });
});

test("only an object whose ETag changed is read again, and one that is gone is deleted", async () => {
  for (const name of ["a", "b", "c"]) put(`policies/${name}.md`, name);
  await sync(s3.settings);
  put("policies/b.md", "other");
  s3.objects.delete("files/policies/c.md");
  s3.reads.length = 0;
  expect(await sync(s3.settings)).toMatchObject({ changed: 1, removed: 1, unchanged: 1 });
  expect(s3.reads).toEqual(["files/policies/b.md"]);
});

test("a listing that fails on a later page, and credentials that are refused, delete nothing", async () => {
  for (let i = 0; i < 25; i++) put(`policies/p${i}.md`, `policy ${i}`);
  await sync(s3.settings);
  s3.fail(100);
  await expect(sync(s3.settings)).rejects.toMatchObject({ code: "unavailable" });
  s3.fail(0);
  await expect(sync({ ...s3.settings, secretAccessKey: "wrong" })).rejects.toThrow("Nothing was deleted");
  await expect(sync(undefined)).rejects.toMatchObject({ code: "invalid_request" });
  expect(await live()).toHaveLength(25);
});

test("an object that changes between listing and reading is left for the next sync", async () => {
  put("policies/a.md", "one");
  const source = await openSource(rig.store, {
    ...{
      tenant: "local",
      subject: "admin",
      collection: "default",
      kind: "s3",
      location: "s3://files/policies",
      acl: ["tenant"],
    },
  });
  const list = listS3(s3.settings, source);
  const report = await syncSource(rig.store, source, async function* (signal) {
    for await (const found of list(signal)) {
      put("policies/a.md", "two");
      yield found;
    }
  });
  expect(report).toMatchObject({
    added: 0,
    skipped: [{ reason: expect.stringContaining("changed while it was listed") }],
  });
});

test("a process with credentials syncs a bucket that somebody adds", async () => {
  const withS3 = await openRig({ s3: s3.settings });
  put("policies/a.md", "one");
  const call = async (method: "GET" | "POST", url: string, payload?: object) =>
    (await withS3.server.inject({ method, url, ...(payload && { payload }) })).json();
  const { id } = await call("POST", "/v1/sources", { kind: "s3", location: "s3://files/policies/" });
  withS3.startSyncs();
  await call("POST", `/v1/sources/${id}/sync`);
  await expect
    .poll(() => call("GET", `/v1/sources/${id}`), { timeout: 10_000 })
    .toMatchObject({ report: { added: 1 } });
  await withS3.close();
});

test("an answer that breaks off half-way skips its object, and one of the listing ends the sync with a sentence", async () => {
  for (const name of ["a", "b"]) put(`policies/${name}.md`, name.repeat(100_000));
  s3.breakOff("files/policies/b.md");
  expect(await sync(s3.settings)).toMatchObject({ added: 1, skipped: [{ path: "b.md" }] });
  s3.breakOff("files");
  await expect(sync(s3.settings)).rejects.toMatchObject({ code: "unavailable" });
  s3.breakOff(undefined);
  expect(await sync(s3.settings)).toMatchObject({ added: 1, unchanged: 1 });
});
