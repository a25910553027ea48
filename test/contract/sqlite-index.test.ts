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
const filing = { tenant: "acme", collection: "default", acl: ["tenant"] };
const TABLES = ["terms_1_chunk", "terms_1_chunk_version", "terms_1_version", "terms_1_word"];

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

test("an index of an earlier version is searched as it is, without the table that found terms there", async () => {
  const path = newPath();
  const earlier = await openAt(path);
  await earlier.write(filing, "v1", [chunk("v1", 0, "amber")]);
  await earlier.close();
  const db = new DatabaseSync(path);
  db.exec(`drop table version_change; drop trigger version_comes; drop trigger version_goes; drop table terms_1_word;
    create virtual table terms_1 using fts5(words, aids, scope, content='', contentless_delete=1);
    create virtual table terms_1_vocab using fts5vocab(terms_1, 'row')`);
  db.close();
  const index = await openAt(path);
  expect(idsOf(await find(index, "abmer"))).toEqual(["v1:0"]);
  await index.write(filing, "v2", [chunk("v2", 0, "amber")]);
  expect(idsOf(await find(index, "amber"))).toEqual(["v1:0", "v2:0"]);
  await index.close();
  const after = new DatabaseSync(path);
  const tables = after.prepare("select name from sqlite_schema where name like 'terms_1%'").all();
  after.close();
  expect(tables.map(({ name }) => name).sort()).toEqual(TABLES);
});

test("an index of an earlier version is asked once which texts wait for vectors", async () => {
  const path = newPath();
  const earlier = await openAt(path);
  await earlier.createGeneration("dense", {
    ...(await earlier.generations())[0]!.manifest,
    embedder: "m",
    dimensions: "1",
  });
  await earlier.write(filing, "v1", [chunk("v1", 0, "amber"), chunk("v1", 10, "raven")]);
  const { chunks } = await earlier.withoutVectors("dense", 1);
  await earlier.writeVectors("dense", "m", [{ ...chunks[0]!, values: Float32Array.of(1) }]);
  await earlier.close();
  const db = new DatabaseSync(path);
  db.exec(`drop trigger vector_missing; drop trigger vector_comes; drop trigger vector_spared;
    drop table vector_waiting`);
  db.close();
  const index = await openAt(path);
  expect(await index.withoutVectors("dense", 10)).toMatchObject({ total: 1, chunks: [{ chunk: { id: "v1:10" } }] });
  await index.remove(["v1"]);
  expect(await index.withoutVectors("dense", 10)).toEqual({ total: 0, chunks: [] });
  await index.close();
});

test("an index from before versions said who may read them is refused with a sentence that says what to do", async () => {
  const path = newPath();
  const earlier = await openAt(path);
  await earlier.write(filing, "v1", [chunk("v1", 0, "amber")]);
  await earlier.close();
  const db = new DatabaseSync(path);
  db.exec("update version set scope = null");
  db.close();
  expect(() => openSqliteIndex(path)).toThrow(/earlier version.*rebuil/s);
});

test("several processes write and search one file: each sees what the others did", async () => {
  const path = newPath();
  const [one, other] = [await openAt(path), openSqliteIndex(path)];
  await one.write(filing, "v1", [chunk("v1", 0, "amber")]);
  expect(idsOf(await find(other, "amber"))).toEqual(["v1:0"]);
  await other.write(filing, "v1", [chunk("v1", 4, "amber raven")]);
  await other.write(filing, "v2", [chunk("v2", 0, "amber")]);
  expect(idsOf(await find(one, "amber"))).toEqual(["v1:4", "v2:0"]);
  await other.remove(["v2"]);
  expect(idsOf(await find(one, "amber"))).toEqual(["v1:4"]);
  await Promise.all([one.close(), other.close()]);
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
