import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { syncFolder } from "../../ingest/sources/folder.ts";
import { openFolderSource } from "../../ingest/sources/sources.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";

const FOLDERS = ["x/docs", "y/docs", "z/docs-2"];
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
  for (const path of FOLDERS) {
    mkdirSync(join(rig.folder, path), { recursive: true });
    writeFileSync(join(rig.folder, path, "a.md"), `text of ${path}`);
  }
});
afterEach(() => rig.close());

let clock = 0;
async function sync(path: string) {
  const location = join(rig.folder, path);
  const source = { tenant: "local", subject: "admin", location, collection: "default", acl: ["tenant"] };
  return syncFolder(rig.store, await openFolderSource({ ...rig.store, now: () => ++clock }, source));
}
const uris = async () =>
  (await rig.db.all<{ uri: string }>("select uri from document order by uri")).map(({ uri }) => uri);

test("a folder whose own name is another one's numbered name gets its documents in", async () => {
  for (const path of FOLDERS) expect(await sync(path)).toMatchObject({ added: 1, skipped: [] });
  for (const path of FOLDERS) expect(await sync(path)).toMatchObject({ unchanged: 1, removed: 0 });
  expect(await uris()).toEqual(["file:docs-2-2/a.md", "file:docs-2/a.md", "file:docs/a.md"]);
});

test("sources from before there were labels keep the names that their documents have", async () => {
  for (const path of FOLDERS.slice(0, 2)) await sync(path);
  await rig.db.run("update source set label = null");
  expect(await sync("y/docs")).toMatchObject({ unchanged: 1, added: 0, removed: 0 });
  expect(await sync("z/docs-2")).toMatchObject({ added: 1, skipped: [] });
  expect(await uris()).toEqual(["file:docs-2-2/a.md", "file:docs-2/a.md", "file:docs/a.md"]);
});

test("a sync whose caller has left stops between two batches, and the next one goes on", async () => {
  const location = join(rig.folder, "x/docs");
  const source = { tenant: "local", subject: "admin", location, collection: "default", acl: ["tenant"] };
  const left = syncFolder(rig.store, await openFolderSource(rig.store, source), {}, AbortSignal.abort());
  await expect(left).rejects.toMatchObject({ code: "unavailable" });
  expect(await uris()).toEqual([]);
  expect(await sync("x/docs")).toMatchObject({ added: 1 });
});
