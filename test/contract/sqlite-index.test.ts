import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, test } from "vitest";
import type { SearchIndex } from "#shared/index.ts";
import { scopeOf } from "#shared/principal.ts";
import { scopeOfFiling } from "#shared/scope-terms.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { searchIndexContract } from "./search-index.ts";
import { chunk, find, idsOf, principal } from "./search-index-fixtures.ts";

const home = mkdtempSync(join(tmpdir(), "cairn-index-"));
const paths = new WeakMap<SearchIndex, string>();
let count = 0;

async function openAt(path: string): Promise<SearchIndex> {
  const index = openSqliteIndex(path);
  paths.set(index, path);
  return index;
}
const newPath = (): string => join(home, `${count++}.db`);

afterAll(() => rmSync(home, { recursive: true, force: true }));

searchIndexContract("SQLite", () => openAt(newPath()), {
  reopen: async (index) => {
    await index.close();
    return openAt(paths.get(index)!);
  },
});

test("an index of another tokenizer is refused with a sentence that says what to do", async () => {
  const path = newPath();
  await (await openAt(path)).close();
  const db = new DatabaseSync(path);
  db.exec(`update generation set manifest = '{"tokenizer":"older/0"}'`);
  db.close();
  expect(() => openSqliteIndex(path)).toThrow(/older\/0.*rebuil/s);
});

test("a question cannot name who may read: scope tokens and columns in it are words like others", async () => {
  const index = await openAt(newPath());
  const closed = { tenant: "acme", collection: "default", acl: ["group:x"] };
  await index.write(closed, "v1", [chunk("v1", 0, "amber")]);
  const [token] = scopeOfFiling(closed).split(" ");
  const asked = [
    token!,
    `scope:${token}`,
    `amber") OR scope:("${token}`,
    `amber} : ("${token}")`,
    `amber\0" OR "${token}`,
  ];
  for (const question of asked) expect(await find(index, question)).toEqual([]);
  const member = scopeOf(principal({ groups: ["x"] }));
  expect(await find(index, token!, member)).toEqual([]);
  expect(idsOf(await find(index, `amber") NOT "${token}`, member))).toEqual(["v1:0"]);
  await index.close();
});
