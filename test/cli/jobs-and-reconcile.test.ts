import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chunk, open } from "../contract/search-index-fixtures.ts";
import { cairn, localCairn, tempFolder } from "./rig.ts";

let server: Awaited<ReturnType<typeof localCairn>>;
const folder = tempFolder();
const run = (...args: readonly string[]) => cairn(server, ...args);

beforeAll(async () => {
  server = await localCairn();
  writeFileSync(join(folder.path, "torn.pdf"), "%PDF-1.7 and nothing else");
  writeFileSync(join(folder.path, "tea.md"), "# Tea\n\nTea is served at four.");
  await run("ingest", folder.path);
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

test("what was given up is listed, explained and begun anew", async () => {
  const listed = (await run("jobs")).stdout;
  const [, id] = /^(\S+) {2}ingest {2}dead {2}1 tries {2}\S.+$/m.exec(listed) ?? [];
  expect(id, listed).toBeDefined();
  const shown = (await run("jobs", "show", id!)).stdout;
  expect(shown).toMatch(/^code {6}unreadable_document$/m);
  expect(shown).toContain(`./cairn jobs retry ${id}`);
  expect((await run("jobs", "retry", "--all")).stdout).toBe(`Begins anew: ${id}\n`);
  const watched = await run("jobs", "watch");
  expect(watched).toMatchObject({ code: 0, stdout: expect.stringMatching(/0 waiting, 0 at work, 1 given up/) });
  expect(JSON.parse((await run("jobs", "--state", "done", "--json")).stdout).jobs).toHaveLength(1);
  expect((await run("jobs", "--state", "odd")).code).toBe(2);
});

test("a dry run says how the stores differ and changes nothing; without it the index is repaired", async () => {
  const { db, index, blobs } = server.state;
  const [{ id, tenant }] = (await db.all<{ id: string; tenant: string }>(
    "select id, tenant from document_version where ready_at is not null",
  )) as [{ id: string; tenant: string }];
  await index.remove([id]);
  await index.write(open, "ghost", [chunk("ghost", 0, "amber")]);
  await blobs.put("local/nobody/original", new Uint8Array(1));
  const dry = JSON.parse((await run("reconcile", "--dry-run", "--json")).stdout);
  expect(dry).toEqual({
    dry_run: true,
    index: { left_over: { count: 1, version_ids: ["ghost"] }, missing: { count: 1, version_ids: [id] } },
    files: { left_over: { count: 1, version_ids: ["nobody"] }, missing: { count: 0, version_ids: [] } },
  });
  expect(await index.versions()).toEqual(["ghost"]);
  expect((await run("reconcile")).stdout).toContain("In the index for nobody: 1 (removed): ghost");
  await run("jobs", "watch");
  expect(await index.versions()).toEqual([id]);
  await blobs.remove(`${tenant}/${id}/text`);
  const torn = await run("reconcile");
  expect(torn).toMatchObject({ code: 1, stdout: expect.stringContaining(`stored file: 1 (restore a backup, or`) });
});
