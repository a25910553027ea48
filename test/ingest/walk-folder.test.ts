import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { syncFolder } from "../../ingest/sources/folder.ts";
import { openFolderSource } from "../../ingest/sources/sources.ts";
import { walkFolder } from "../../ingest/sources/walk-folder.ts";
import { asNobody } from "../helpers/as-nobody.ts";
import { openRig } from "../helpers/ingest-rig.ts";

const LISTED_ONLY = 0o444;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cairn-walk-"));
  chmodSync(root, 0o755);
  mkdirSync(join(root, "sub"));
  writeFileSync(join(root, "a.md"), "A");
  writeFileSync(join(root, "sub/b.md"), "B");
});
afterEach(() => {
  chmodSync(root, 0o755);
  chmodSync(join(root, "sub"), 0o755);
  rmSync(root, { recursive: true });
});

test("a folder that can be listed but not entered is unread, and its files are not taken for gone", async () => {
  chmodSync(join(root, "sub"), LISTED_ONLY);
  const walk = await asNobody(() => walkFolder(root));
  expect(walk.files.map(({ path }) => path)).toEqual(["a.md"]);
  expect(walk.skipped.map(({ path }) => path)).toEqual(["sub/b.md"]);
  expect(walk.skipped).toEqual([{ path: "sub/b.md", reason: "The file could not be read." }]);
});

test("a sync keeps the documents of a folder that it may not enter any more", async () => {
  const rig = await openRig();
  const source = { tenant: "local", subject: "admin", location: root, collection: "default", acl: ["tenant"] };
  const opened = await openFolderSource(rig.store, source);
  expect(await syncFolder(rig.store, opened)).toMatchObject({ added: 2 });
  chmodSync(join(root, "sub"), LISTED_ONLY);
  const report = await asNobody(() => syncFolder(rig.store, opened));
  expect(report).toMatchObject({ removed: 0, skipped: [{ path: "sub/b.md" }] });
  await rig.close();
});

test("a link whose target cannot be looked at is unread, one whose target is gone is not there", async () => {
  chmodSync(join(root, "sub"), LISTED_ONLY);
  symlinkSync(join(root, "sub/b.md"), join(root, "closed.md"));
  symlinkSync(join(root, "nowhere.md"), join(root, "dangling.md"));
  const { skipped, files } = await asNobody(() => walkFolder(root));
  expect(skipped.map(({ path }) => path).sort()).toEqual(["closed.md", "sub/b.md"]);
  expect(files.map(({ path }) => path)).toEqual(["a.md"]);
});

test("a link to a folder inside does not rename what is in it", async () => {
  symlinkSync(join(root, "sub"), join(root, "zlink"));
  symlinkSync(root, join(root, "loop"));
  symlinkSync(tmpdir(), join(root, "outside"));
  expect((await walkFolder(root)).files.map(({ path }) => path)).toEqual(["a.md", "sub/b.md"]);
});

test("a root that can be listed but not entered is an error", async () => {
  chmodSync(root, LISTED_ONLY);
  await expect(asNobody(() => walkFolder(root))).rejects.toThrow("cannot be read by this process");
});
