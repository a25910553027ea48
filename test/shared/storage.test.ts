import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { transaction } from "#shared/sqlite-index-schema.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cairn-storage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a blob is there as a whole, replaced as a whole, and leaves nothing beside it", async () => {
  const blobs = folderBlobs(join(folder, "blobs"));
  const bytes = (text: string) => new TextEncoder().encode(text);
  await Promise.all(["one", "two"].map((text) => blobs.put("tenant/version/text", bytes(text))));
  expect(["one", "two"]).toContain(new TextDecoder().decode(await blobs.get("tenant/version/text")));
  await blobs.put("tenant/version/text", bytes("three"));
  expect(new TextDecoder().decode(await blobs.get("tenant/version/text"))).toBe("three");
  expect(readdirSync(join(folder, "blobs/tenant/version"))).toEqual(["text"]);
  await expect(blobs.put("../outside", bytes("x"))).rejects.toThrow("Not a blob key");
  const nearby = folderBlobs(relative(process.cwd(), join(folder, "new/blobs")));
  await nearby.put("tenant/version/text", bytes("four"));
  expect(new TextDecoder().decode(await nearby.get("tenant/version/text"))).toBe("four");
});

test("a transaction that the engine ended by itself fails with its own reason", async () => {
  const db = openSqliteDatabase(join(folder, "state.db"));
  const failing = db.transaction(async (sql) => {
    await sql.run("rollback");
    throw new Error("database or disk is full");
  });
  await expect(failing).rejects.toThrow("database or disk is full");
  expect(await db.transaction(async (sql) => (await sql.get("select 1 as one"))!)).toEqual({ one: 1 });
  await db.close();
  const index = new DatabaseSync(join(folder, "index.db"));
  const ended = (): void => {
    index.exec("rollback");
    throw new Error("database or disk is full");
  };
  expect(() => transaction(index, ended)).toThrow("database or disk is full");
  index.close();
});
