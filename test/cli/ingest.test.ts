import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { cairn, localCairn, tempFolder } from "./rig.ts";

let server: Awaited<ReturnType<typeof localCairn>>;
let folder: ReturnType<typeof tempFolder>;
const folders: ReturnType<typeof tempFolder>[] = [];

beforeAll(async () => {
  server = await localCairn();
});
afterAll(async () => {
  await server.stop();
  for (const one of folders) one.remove();
});
beforeEach(() => {
  folder = tempFolder();
  folders.push(folder);
});

function write(path: string, text: string): string {
  const at = join(folder.path, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, text);
  return at;
}

const documents = async (...flags: string[]): Promise<{ uri: string; acl: string[]; collection: string }[]> =>
  JSON.parse((await cairn(server, "documents", "list", "--json", ...flags)).stdout).documents;

test("a folder is uploaded with its subfolders, and what is searchable, skipped and failed is counted", async () => {
  write("docs/a.md", "# Lamps\n\nThe lamp is blue.");
  write("docs/deep/er/c.txt", "The roof is green.");
  write("docs/picture.png", "x");
  write("docs/empty.md", "");
  write("docs/.hidden.md", "The secret is red.");
  const bad = write("docs/bad.pdf", "no pdf at all");
  const { code, stdout, stderr } = await cairn(server, "ingest", join(folder.path, "docs"));
  expect(stdout).toBe(
    "Documents: 2 ready, 0 unchanged, 1 failed, 2 skipped.\n1 of the skipped has a format that Cairn does not read.\n",
  );
  expect(stderr).toContain(`Failed: ${bad}: This file is called PDF but is not one`);
  expect(stderr).toContain("empty.md: The file is empty.");
  expect(code).toBe(1);
  expect((await cairn(server, "search", "roof")).stdout).toContain("upload:///docs/deep/er/c.txt");
  expect((await cairn(server, "status")).stdout).toContain("upload:///docs/bad.pdf: This file is called PDF");
});

test("a second run finds everything unchanged, from another working directory too", async () => {
  write("again/a.md", "The first page.");
  write("again/b.md", "The second page.");
  const first = await cairn({ ...server, cwd: folder.path }, "ingest", "again");
  expect(first.stdout).toBe("Documents: 2 ready, 0 unchanged.\n");
  const second = await cairn({ ...server, cwd: join(folder.path, "again") }, "ingest", ".");
  expect(second.stdout).toBe("Documents: 0 ready, 2 unchanged.\n");
  write("again/b.md", "The second page, rewritten.");
  const third = await cairn(server, "ingest", join(folder.path, "again"));
  expect(third.stdout).toBe("Documents: 1 ready, 1 unchanged.\n");
});

test("a path that does not exist is an error before anything is uploaded", async () => {
  const good = write("good.md", "This would be fine.");
  const { code, stdout, stderr } = await cairn(server, "ingest", good, join(folder.path, "missing.md"));
  expect(stderr).toBe(`${join(folder.path, "missing.md")} does not exist. Nothing was uploaded.\n`);
  expect([code, stdout]).toEqual([1, ""]);
  expect((await documents()).map(({ uri }) => uri)).not.toContain("upload:///good.md");
});

test("a named file of a foreign format fails with the server's reason", async () => {
  const { code, stderr } = await cairn(server, "ingest", write("text.odt", "no zip"));
  expect(stderr).toContain("cannot read .odt files");
  expect(code).toBe(1);
});

test("two files that would be the same document are refused before anything is uploaded", async () => {
  const [one, other] = [write("x/readme.md", "One."), write("y/readme.md", "Other.")];
  const { code, stderr } = await cairn(server, "ingest", one, other);
  expect(stderr).toContain("would be the same document, upload:///readme.md");
  expect(code).toBe(1);
});

test("links inside a folder are followed, and those that leave it are not", async () => {
  write("outside/secret.md", "Outside.");
  write("linked/real/page.md", "Inside.");
  symlinkSync(join(folder.path, "outside"), join(folder.path, "linked/out"));
  symlinkSync(join(folder.path, "linked"), join(folder.path, "linked/real/loop"));
  const { stdout } = await cairn(server, "ingest", "--json", join(folder.path, "linked"));
  expect(JSON.parse(stdout).documents.map(({ uri }: { uri: string }) => uri)).toEqual([
    "upload:///linked/real/page.md",
  ]);
});

test("collection and ACL are given to every document", async () => {
  const file = write("hr.md", "Salaries are secret.");
  await cairn(server, "ingest", "--collection", "people", "--acl", "group:hr,user:maria", file);
  const [document] = await documents("--collection", "people");
  expect(document).toMatchObject({ collection: "people", acl: ["group:hr", "user:maria"] });
});

test("a collection that the server does not accept is reported once, not once a file", async () => {
  write("many/a.md", "A.");
  write("many/b.md", "B.");
  const { code, stderr } = await cairn(server, "ingest", "--collection", "a b", join(folder.path, "many"));
  expect(stderr.match(/collection: must be/g)).toHaveLength(1);
  expect(code).toBe(1);
});

test("--no-wait returns when the files are stored, and the next run waits for them", async () => {
  const file = write("later.md", "Read me later.");
  const sent = JSON.parse((await cairn(server, "ingest", "--no-wait", "--json", file)).stdout);
  expect(sent).toMatchObject({ accepted: 1, ready: 0, failed: 0, documents: [{ state: "accepted" }] });
  const { stdout } = await cairn(server, "ingest", "--json", file);
  expect(["ready", "unchanged"]).toContain(JSON.parse(stdout).documents[0].state);
  expect((await cairn(server, "search", "later")).stdout).toContain("upload:///later.md");
});
