import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SearchIndex } from "../../services/shared/index.ts";
import { silentLog } from "../../services/shared/log.ts";
import { scopeOf } from "../../services/shared/principal.ts";
import { openSqliteIndex } from "../../services/shared/sqlite-index.ts";

const WAITING = 256;
const everyone = scopeOf({ tenant: "t", subject: "s", groups: [], scopes: ["chat"] });
let folder: string;
let index: SearchIndex;
let errors: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cairn-index-"));
  errors = [];
  index = openSqliteIndex(join(folder, "index.db"), { ...silentLog, error: (event) => void errors.push(event) });
});
afterEach(async () => {
  await index.close();
  rmSync(folder, { recursive: true });
});

test("searches above what may wait are told to come back, and those that were left make room", async () => {
  const leaving = new AbortController();
  const left = Array.from({ length: WAITING + 1 }, () => index.search("amber", everyone, 5, leaving.signal));
  const ends = Promise.allSettled(left);
  const stays = new AbortController().signal;
  await expect(index.search("amber", everyone, 5, stays)).rejects.toMatchObject({
    code: "unavailable",
    retryAfterSeconds: 1,
  });
  leaving.abort();
  expect((await index.search("amber", everyone, 5, stays)).generation).toBeTypeOf("string");
  expect((await ends).every(({ status }) => status === "rejected")).toBe(true);
});

test("what is asked after the end is refused, and starts nothing again", async () => {
  await index.versions();
  const last = index.versions();
  await index.close();
  expect(await last).toEqual([]);
  await expect(index.versions()).rejects.toThrow("closed");
  await expect(index.remove(["v"])).rejects.toThrow("closed");
  await index.close();
});

test("a thread that cannot work is a logged error, and a retry that may help", async () => {
  for (const name of ["index.db", "index.db-wal", "index.db-shm"]) writeFileSync(join(folder, name), "no database");
  await expect(index.versions()).rejects.toMatchObject({ code: "unavailable" });
  await expect(index.versions()).rejects.toMatchObject({ code: "unavailable" });
  expect(errors).toEqual(["search index stopped", "search index stopped"]);
});
