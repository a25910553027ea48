import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { deleteDocument } from "../../ingest/documents.ts";
import { requestErasure } from "../../ingest/erase/request-erasure.ts";
import { listFolder, syncFolder } from "../../ingest/sources/folder.ts";
import type { List } from "../../ingest/sources/listing.ts";
import { openFolderSource } from "../../ingest/sources/sources.ts";
import { syncSource } from "../../ingest/sources/sync-source.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";

const WHY = "Its name holds control characters, or is too long.";
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

function write(path: string, text: string): void {
  const full = join(rig.folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
}
const sourceOf = (path: string) =>
  openFolderSource(rig.store, {
    tenant: "local",
    subject: "admin",
    location: join(rig.folder, path),
    collection: "default",
    acl: ["group:staff"],
  });
const sync = async (path: string) => syncFolder(rig.store, await sourceOf(path));
const live = async () =>
  (await rig.db.all<{ uri: string }>("select uri from document where deleted_at is null order by uri")).map(
    ({ uri }) => uri,
  );

test("a first sync adds supported files under the folder's name and a second one reads nothing", async () => {
  write("docs/b.md", "B");
  write("docs/sub/a.txt", "A");
  write("docs/.hidden.md", "no");
  write("docs/node_modules/x.md", "no");
  write("docs/picture.png", "no");
  expect(await sync("docs")).toEqual({ added: 2, changed: 0, removed: 0, unchanged: 0, skipped: [] });
  expect(await live()).toEqual(["file:docs/b.md", "file:docs/sub/a.txt"]);
  expect(await rig.db.get("select acl from document")).toEqual({ acl: '["group:staff"]' });
  expect(await sync("docs")).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 2, skipped: [] });
});

test("a folder with a file .cairnignore is left out with all below, also when the file comes later", async () => {
  write("docs/a.md", "A");
  write("docs/drafts/b.md", "B");
  write("docs/drafts/deep/c.md", "C");
  await sync("docs");
  write("docs/drafts/.cairnignore", "");
  expect(await sync("docs")).toMatchObject({ removed: 2, unchanged: 1, skipped: [] });
  expect(await live()).toEqual(["file:docs/a.md"]);
});

test("changed, touched and vanished files are told apart", async () => {
  for (const name of ["changed", "touched", "gone"]) write(`docs/${name}.md`, name);
  await sync("docs");
  write("docs/changed.md", "other words");
  utimesSync(join(rig.folder, "docs/touched.md"), 1, 1);
  rmSync(join(rig.folder, "docs/gone.md"));
  expect(await sync("docs")).toMatchObject({ added: 0, changed: 1, removed: 1, unchanged: 1 });
  expect(await live()).toEqual(["file:docs/changed.md", "file:docs/touched.md"]);
});

test("a document uploaded by hand survives every sync", async () => {
  write("docs/a.md", "A");
  const bytes = new TextEncoder().encode("by hand");
  const upload = {
    tenant: "local",
    subject: "ann",
    collection: "default",
    fileName: "x.md",
    mediaType: "text/markdown",
    bytes,
    priority: 1,
  };
  await acceptDocument(rig.store, { ...upload, uri: "upload:///x.md" });
  await acceptDocument(rig.store, { ...upload, uri: "file:docs/a.md" });
  const report = await sync("docs");
  expect(report).toMatchObject({ added: 0, removed: 0 });
  expect(report.skipped.map(({ path }) => path)).toEqual(["a.md"]);
  expect(await live()).toEqual(["file:docs/a.md", "upload:///x.md"]);
});

test("a file whose document was erased is not taken in again, also when it changes, and is told", async () => {
  write("docs/a.md", "A");
  await sync("docs");
  await rig.work();
  const { id } = (await rig.db.get<{ id: string }>("select id from document"))!;
  await requestErasure(rig.store, LOCAL_ADMIN, id, "A request.");
  await rig.work();
  for (const text of ["A", "A changed"]) {
    write("docs/a.md", text);
    expect((await sync("docs")).skipped).toMatchObject([{ path: "a.md", reason: expect.stringContaining("erased") }]);
    expect(await live()).toEqual([]);
  }
});

test("a folder that does not exist is an error and deletes nothing", async () => {
  write("docs/a.md", "A");
  await sync("docs");
  renameSync(join(rig.folder, "docs"), join(rig.folder, "moved"));
  await expect(sync("docs")).rejects.toThrow("does not exist");
  expect(await live()).toEqual(["file:docs/a.md"]);
});

test("an emptied folder empties its source only once somebody allows it, and a file that comes back with its old time is taken in again", async () => {
  write("docs/a.md", "A");
  await sync("docs");
  renameSync(join(rig.folder, "docs/a.md"), join(rig.folder, "kept"));
  expect(await sync("docs")).toMatchObject({ removed: 0, held: 1 });
  expect(await live()).toEqual(["file:docs/a.md"]);
  const allowed = await syncFolder(rig.store, await sourceOf("docs"), { allowRemovals: true });
  expect(allowed).toMatchObject({ removed: 1 });
  expect(await live()).toEqual([]);
  renameSync(join(rig.folder, "kept"), join(rig.folder, "docs/a.md"));
  expect(await sync("docs")).toMatchObject({ added: 1 });
  expect(await live()).toEqual(["file:docs/a.md"]);
});

test("a document that somebody deleted stays deleted until its file changes", async () => {
  write("docs/a.md", "A");
  await sync("docs");
  const row = await rig.db.get<{ id: string }>("select id from document");
  await deleteDocument(rig.store, LOCAL_ADMIN, row!.id);
  await sync("docs");
  expect(await live()).toEqual([]);
  write("docs/a.md", "A, revised");
  expect(await sync("docs")).toMatchObject({ added: 1 });
  expect(await live()).toEqual(["file:docs/a.md"]);
});

test("two folders with the same relative paths do not collide, not even with the same name", async () => {
  write("one/en/a.md", "first");
  write("two/en/a.md", "second");
  write("one/zh-cn/a.md", "第三");
  for (const path of ["one/en", "two/en", "one/zh-cn"]) expect(await sync(path)).toMatchObject({ added: 1 });
  for (const path of ["one/en", "two/en", "one/zh-cn"])
    expect(await sync(path)).toMatchObject({ unchanged: 1, removed: 0 });
  expect(await live()).toEqual(["file:en-2/a.md", "file:en/a.md", "file:zh-cn/a.md"]);
});

test("links that leave the folder and circles are passed over, files above 50 MB are reported", async () => {
  write("secret.md", "outside");
  write("docs/a.md", "A");
  write("docs/large.txt", "x");
  truncateSync(join(rig.folder, "docs/large.txt"), 51 * 1024 * 1024);
  symlinkSync(join(rig.folder, "secret.md"), join(rig.folder, "docs/leak.md"));
  symlinkSync(join(rig.folder, "docs"), join(rig.folder, "docs/circle"));
  const report = await sync("docs");
  expect(report).toMatchObject({
    added: 1,
    skipped: [{ path: "large.txt", reason: "The file is larger than 50 MB." }],
  });
  expect(await live()).toEqual(["file:docs/a.md"]);
});

test("a file that is swapped between listing and reading gives nothing from outside, and none that never ends", async () => {
  write("outside/secret.md", "secret");
  for (const name of ["a", "dir/b", "pipe", "big"]) write(`docs/${name}.md`, name);
  const source = await sourceOf("docs");
  const swapAll: List = async function* (signal) {
    const found = await Array.fromAsync(listFolder(rig.db, source)(signal));
    rmSync(join(rig.folder, "docs/a.md"));
    symlinkSync(join(rig.folder, "outside/secret.md"), join(rig.folder, "docs/a.md"));
    rmSync(join(rig.folder, "docs/dir"), { recursive: true });
    symlinkSync(join(rig.folder, "outside"), join(rig.folder, "docs/dir"));
    write("outside/b.md", "secret");
    rmSync(join(rig.folder, "docs/pipe.md"));
    execFileSync("mkfifo", [join(rig.folder, "docs/pipe.md")]);
    truncateSync(join(rig.folder, "docs/big.md"), 60 * 1024 * 1024);
    yield* found;
  };
  const { added, skipped } = await syncSource(rig.store, source, swapAll);
  expect(added).toBe(0);
  expect(skipped.map(({ path }) => path).sort()).toEqual(["a.md", "big.md", "dir/b.md", "pipe.md"]);
});

test("a name that could not be a document's is reported, cleaned, and nothing is deleted for it", async () => {
  write("docs/good.md", "good");
  write("docs/evil\u001b[2J\nnext.md", "evil");
  const deep = Array.from({ length: 12 }, () => "长".repeat(80)).join("/");
  write(`docs/${deep}/far.md`, "far");
  const report = await sync("docs");
  expect(report).toMatchObject({ added: 1, skipped: [{ reason: WHY }, { reason: WHY }] });
  expect(report.skipped.some(({ path }) => path === "evil\ufffd[2J\ufffdnext.md")).toBe(true);
  expect(await live()).toEqual(["file:docs/good.md"]);
  await rig.db.run("update document set uri = $1", ["file:docs/evil\u001b[2J\nnext.md"]);
  expect(await sync("docs")).toMatchObject({ added: 1, removed: 0 });
});
