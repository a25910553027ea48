import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "#shared/database.ts";
import { migrate } from "#shared/migrations.ts";
import { openTestDatabase } from "../helpers/test-database.ts";

let folder: string;
let db: Database;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cairn-database-"));
  db = await openTestDatabase(folder);
  await db.run("create table t (id text primary key, n bigint not null)");
});
afterEach(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

const insert = (id: string, n: number) => db.run("insert into t (id, n) values ($1, $2)", [id, n]);
const all = () => db.all<{ id: string; n: number }>("select id, n from t order by id");

test("numbers come back as numbers, also counts, sums and milliseconds", async () => {
  await insert("a", 1_764_000_000_000);
  const row = await db.get("select n, count(*) as count, sum(n) as sum from t group by n");
  expect(row).toEqual({ n: 1_764_000_000_000, count: 1, sum: 1_764_000_000_000 });
  expect(await db.run("update t set n = n + 1")).toBe(1);
  expect(await db.run("update t set n = 0 where id = 'b'")).toBe(0);
});

test("texts of any language and any sign come back as they were", async () => {
  const text = "Grüße 你好 🦜 ' \" \\ $1 %\n\u0001";
  await insert(text, 1);
  expect((await all())[0]!.id).toBe(text);
});

test("a transaction that fails leaves nothing behind", async () => {
  const failing = db.transaction(async (sql) => {
    await sql.run("insert into t (id, n) values ('a', 1)");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await all()).toEqual([]);
});

test("twenty transactions that read, think and write back lose no increment", async () => {
  await insert("a", 0);
  const increment = () =>
    db.transaction(async (sql) => {
      const { n } = (await sql.get<{ n: number }>("select n from t where id = 'a'"))!;
      await sleep(1);
      await sql.run("update t set n = $1 where id = 'a'", [n + 1]);
    });
  await Promise.all(Array.from({ length: 20 }, increment));
  expect(await all()).toEqual([{ id: "a", n: 20 }]);
});

test("of transactions that all insert what they find missing, one does and the others find it", async () => {
  const findOrInsert = () =>
    db.transaction(async (sql) => {
      const known = await sql.get("select id from t where id = 'a'");
      if (known) return "found";
      await sleep(1);
      await sql.run("insert into t (id, n) values ('a', 1)");
      return "inserted";
    });
  const outcomes = await Promise.all(Array.from({ length: 8 }, findOrInsert));
  expect(outcomes.filter((outcome) => outcome === "inserted")).toHaveLength(1);
});

test("what breaks a rule of the table fails with its reason, and the next statement works", async () => {
  await insert("a", 1);
  await expect(insert("a", 2)).rejects.toThrow(/unique/i);
  await expect(db.all("select nothing from nowhere")).rejects.toThrow();
  expect(await all()).toEqual([{ id: "a", n: 1 }]);
});

test("those that must be alone are so, one after the other", async () => {
  let inside = 0;
  const work = () =>
    db.alone(async (sql) => {
      inside += 1;
      expect(inside).toBe(1);
      const { n } = (await sql.get<{ n: number }>("select count(*) as n from t"))!;
      await sleep(5);
      await sql.run("insert into t (id, n) values ($1, $2)", [`${n}`, n]);
      inside -= 1;
    });
  await Promise.all(Array.from({ length: 5 }, work));
  expect((await all()).map(({ n }) => n)).toEqual([0, 1, 2, 3, 4]);
});

test("a notification is heard after its commit, and never after a rollback", async () => {
  const heard = vi.fn();
  const stop = db.hear("cairn_test", heard);
  // Until the listener listens, one may be missed.
  await vi.waitFor(async () => {
    await db.notify("cairn_test");
    expect(heard).toHaveBeenCalled();
  });
  await sleep(100);
  heard.mockClear();
  const failing = db.transaction(async (sql) => {
    await sql.notify("cairn_test");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await sleep(100);
  expect(heard).not.toHaveBeenCalled();
  await db.transaction(async (sql) => {
    await sql.notify("cairn_test");
    await sleep(50);
    expect(heard).not.toHaveBeenCalled();
  });
  await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(1));
  stop();
  await db.notify("cairn_test");
  await sleep(100);
  expect(heard).toHaveBeenCalledTimes(1);
});

test("processes that start together migrate once, and data of a newer version is refused untouched", async () => {
  await Promise.all([migrate(db), migrate(db), migrate(db)]);
  const [{ n: applied } = { n: 0 }] = await db.all<{ n: number }>("select count(*) as n from migration");
  await migrate(db);
  expect(await db.all("select version from migration")).toHaveLength(applied);
  await db.run("insert into migration (version, applied_at) values (999, 1)");
  await expect(migrate(db)).rejects.toThrow(/newer Cairn.*Nothing was changed/);
});
