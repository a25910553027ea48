import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, test } from "vitest";
import type { SearchIndex } from "#shared/index.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { searchIndexContract } from "./search-index.ts";

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
