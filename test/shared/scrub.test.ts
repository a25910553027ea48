import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { chunk, find, idsOf, open } from "../contract/search-index-fixtures.ts";

const home = mkdtempSync(join(tmpdir(), "cairn-scrub-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The files below the folder that hold any of the words, in any case. */
function filesWith(words: readonly string[]): string[] {
  return readdirSync(home).filter((name) => {
    const text = readFileSync(join(home, name)).toString("latin1").toLowerCase();
    return words.some((word) => text.includes(Buffer.from(word).toString("latin1").toLowerCase()));
  });
}

test("after a scrub no byte of deleted or overwritten rows is in a file of the database", async () => {
  const db = openSqliteDatabase(join(home, "state.db"));
  await db.run("create table note (id integer primary key, text text)");
  for (let i = 0; i < 300; i++) {
    await db.run("insert into note values ($1, $2)", [i, i % 3 === 0 ? `zanzibar${"x".repeat(i * 20)}` : `kept ${i}`]);
  }
  expect(filesWith(["zanzibar"])).not.toEqual([]);
  await db.run("update note set text = 'gone' where id % 6 = 0");
  await db.run("delete from note where id % 6 = 3");
  await db.scrub();
  expect(filesWith(["zanzibar"])).toEqual([]);
  expect(await db.get("select count(*) as count from note where text like 'kept%'")).toEqual({ count: 200 });
  await db.close();
});

test("after a scrub no word of a removed version is in a file of the index, segments included", async () => {
  const index = openSqliteIndex(join(home, "index.db"));
  await index.createGeneration("next", (await index.generations())[0]!.manifest);
  for (let i = 0; i < 40; i++) {
    const text = i % 2 === 0 ? `Quixotry word${i} zanzibar 桑给巴尔岛` : `amber word${i}`;
    await index.write(open, `v${i}`, [chunk(`v${i}`, 0, text, { title: i % 2 === 0 ? "Xylophone" : "Stone" })]);
  }
  const words = ["quixotri", "quixotry", "zanzibar", "桑给巴尔", "xylophon"];
  expect(filesWith(words)).not.toEqual([]);
  await index.remove(Array.from({ length: 20 }, (_, i) => `v${2 * i}`));
  await index.scrub();
  expect(filesWith(words)).toEqual([]);
  expect(idsOf(await find(index, "amber"))).toHaveLength(20);
  expect(await find(index, "zanzibar")).toEqual([]);
  await index.close();
});
