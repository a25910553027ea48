import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { requestErasure } from "../../ingest/erase/request-erasure.ts";
import { listFolder, syncFolder } from "../../ingest/sources/folder.ts";
import type { List } from "../../ingest/sources/listing.ts";
import { openFolderSource, type Source } from "../../ingest/sources/sources.ts";
import { syncSource } from "../../ingest/sources/sync-source.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";

let rig: Rig;
let source: Source;
beforeEach(async () => {
  rig = await openRig();
  mkdirSync(join(rig.folder, "docs"));
  for (const name of ["a", "b", "c"]) write(name, name);
  source = await openFolderSource(rig.store, {
    ...{ tenant: "local", subject: "admin", collection: "default", acl: ["group:staff"] },
    location: join(rig.folder, "docs"),
  });
});
afterEach(() => rig.close());

const write = (name: string, text: string): void => writeFileSync(join(rig.folder, `docs/${name}.md`), text);
const live = () =>
  rig.db.all<{ uri: string; created_by: string }>(
    "select uri, created_by from document where deleted_at is null order by uri",
  );
/** The folder, where something happens while `b.md` is read. */
const listing = (meanwhile: () => Promise<unknown>): List =>
  async function* (signal) {
    for await (const found of listFolder(rig.db, source)(signal)) {
      if (found.type !== "item-found" || found.item.path !== "b.md") yield found;
      else {
        const { read } = found.item;
        yield { ...found, item: { ...found.item, read: async () => meanwhile().then(() => read()) } };
      }
    }
  };

test("a document that is erased while a sync reads its file does not come back", async () => {
  await syncFolder(rig.store, source);
  await rig.work();
  for (const name of ["a", "b", "c"]) write(name, `${name} changed`);
  const { id } = (await rig.db.get<{ id: string }>("select id from document where uri = 'file:docs/b.md'"))!;
  const erase = async (): Promise<void> => {
    await requestErasure(rig.store, LOCAL_ADMIN, id, "A request.");
    await rig.work();
  };
  const report = await syncSource(rig.store, source, listing(erase));
  expect(report).toMatchObject({ changed: 2, added: 0, skipped: [{ path: "b.md" }] });
  expect(report.skipped[0]?.reason).toContain("It was erased");
  expect((await live()).map(({ uri }) => uri)).toEqual(["file:docs/a.md", "file:docs/c.md"]);
});

test("an upload that takes a file's uri while a sync reads the file is left as it is", async () => {
  const upload = () =>
    acceptDocument(rig.store, {
      ...{ tenant: "local", subject: "ann", collection: "default", uri: "file:docs/b.md", fileName: "b.md" },
      ...{ mediaType: "text/markdown", bytes: new TextEncoder().encode("by hand"), priority: 1 },
    });
  const report = await syncSource(rig.store, source, listing(upload));
  expect(report).toMatchObject({ added: 2, skipped: [{ path: "b.md" }] });
  expect((await live()).map(({ created_by }) => created_by)).toEqual(["admin", "ann", "admin"]);
});
