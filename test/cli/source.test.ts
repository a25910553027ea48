import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cairn, localCairn, type Place, tempFolder } from "./rig.ts";

let server: Awaited<ReturnType<typeof localCairn>>;
let place: Place;
const folder = tempFolder();

beforeAll(async () => {
  server = await localCairn();
  place = { url: server.url };
  mkdirSync(join(folder.path, "docs"));
  for (const name of ["tea", "milk"])
    writeFileSync(join(folder.path, `docs/${name}.md`), `# ${name}\n\nServed at four.`);
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

test("a source is added, tried, synced, listed and removed, as a person would", async () => {
  const added = await cairn(
    { ...place, cwd: folder.path },
    "source",
    "add",
    "folder",
    "docs",
    "--schedule",
    "0 3 * * *",
    "--timezone",
    "Europe/Berlin",
  );
  const id = added.stdout.split(" ")[0]!;
  expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining(join(folder.path, "docs")) });
  expect(added.stderr).toContain("Its first sync by schedule is at");

  const tried = await cairn(place, "source", "sync", id, "--dry-run");
  expect(tried.stdout).toContain("It would be: 2 added, 0 changed, 0 removed, 0 unchanged");
  expect(tried.stdout).toContain("added: file:docs/milk.md");

  expect(await cairn(place, "source", "sync", id)).toMatchObject({
    code: 0,
    stdout: "2 added, 0 changed, 0 removed, 0 unchanged\n",
  });
  const { stdout } = await cairn(place, "source", "list");
  expect(stdout).toMatch(
    / {2}folder {2}.*docs {2}default {2}tenant {2}synced .*next .*\(0 3 \* \* \* Europe\/Berlin\)/,
  );

  for (const name of ["tea", "milk"]) rmSync(join(folder.path, `docs/${name}.md`));
  const held = await cairn(place, "source", "sync", id);
  expect(held).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("2 documents are not in the source any more"),
  });
  expect((await cairn(place, "status")).stdout).toMatch(
    /^Sources: 1\n {2}.*docs.*2 documents are not in the source any more/m,
  );
  const allowed = await cairn(place, "source", "sync", id, "--allow-removals", "--json");
  expect(JSON.parse(allowed.stdout)).toMatchObject({ report: { removed: 2 }, problem: null });
  expect((await cairn(place, "source", "remove", id)).stdout).toContain("Its documents stay.");
  expect((await cairn(place, "source", "list")).stderr).toContain("no source yet");
});

test("wrong calls say what is wrong, and reach no server", async () => {
  const nowhere = { url: "http://127.0.0.1:1" };
  for (const [args, said] of [
    [["source"], "Add, list, sync or remove?"],
    [["source", "add", "gti", "."], 'Did you mean "git"?'],
    [["source", "add", "folder", ".", "--crawl"], "belong to the kind web"],
    [["source", "add", "web", "https://x.org", "--pages", "many"], "must be a whole number"],
    [["source", "list", "--dry-run"], 'does not belong to "source list"'],
    [["source", "sync"], "Which source?"],
  ] as const)
    expect(await cairn(nowhere, ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
});

test("an address that is none is refused by the server with a sentence", async () => {
  for (const location of ["ftp://example.org/", "https://ann:secret@example.org/"]) {
    const refused = await cairn(place, "source", "add", "web", location);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("code: invalid_request") });
  }
});
