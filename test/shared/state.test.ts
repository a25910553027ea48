import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKey, keyAuthenticate } from "../../services/shared/identity.ts";
import { migrate } from "../../services/shared/migrations.ts";
import { createQueue, enqueue, MAX_ATTEMPTS } from "../../services/shared/queue.ts";
import { openSqliteDatabase } from "../../services/shared/sqlite-database.ts";
import { lockFolder } from "../../services/shared/sqlite-lock.ts";

let folder: string;
let db: ReturnType<typeof openSqliteDatabase>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cairn-state-"));
  db = openSqliteDatabase(join(folder, "state.db"));
  await migrate(db);
});
afterEach(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

test("a job is leased once, comes back when its lease runs out, and its old holder may not finish it", async () => {
  let at = 1000;
  const queue = createQueue(db, () => at);
  await db.transaction((sql) => enqueue(sql, { id: "j", tenant: "t", kind: "k", payload: {} }, at));
  const [first] = await queue.lease(5);
  expect(await queue.lease(5)).toEqual([]);
  at += 10 * 60_000;
  const [second] = await queue.lease(5);
  expect(second?.id).toBe(first?.id);
  expect(await queue.complete(first!)).toBe(false);
  expect(await queue.complete(second!)).toBe(true);
});

test("a job that keeps failing is tried again later and ends among the dead letters with its reason", async () => {
  let at = 1000;
  const queue = createQueue(db, () => at);
  await db.transaction((sql) => enqueue(sql, { id: "j", tenant: "t", kind: "k", payload: {} }, at));
  const outcomes: string[] = [];
  for (let i = 0; i < MAX_ATTEMPTS; i++) {
    const [job] = await queue.lease(1);
    outcomes.push(await queue.fail(job!, "unavailable", "The store did not answer.", true));
    expect(await queue.lease(1)).toEqual([]);
    at += 10 * 60_000;
  }
  expect(outcomes).toEqual(["retry", "retry", "retry", "retry", "dead"]);
  expect(await db.get("select state, reason from job")).toMatchObject({
    state: "dead",
    reason: "The store did not answer.",
  });
});

test("a key opens its tenant until it is revoked, and a changed character is refused", async () => {
  const authenticate = keyAuthenticate(db, "pepper");
  const grant = { tenant: "t", subject: "s", groups: ["g"], scopes: ["chat" as const], expiresAt: undefined };
  const { id, key } = await createKey(db, "pepper", grant);
  const headers = { authorization: `Bearer ${key}` };
  expect(await authenticate(headers)).toEqual({ tenant: "t", subject: "s", groups: ["g"], scopes: ["chat"] });
  const changed = `${key.slice(0, 30)}${key[30] === "A" ? "B" : "A"}${key.slice(31)}`;
  await expect(authenticate({ "x-api-key": changed })).rejects.toMatchObject({ code: "unauthenticated" });
  await db.run("update api_key set revoked_at = 1 where id = $1", [id]);
  await expect(authenticate(headers)).rejects.toMatchObject({ code: "unauthenticated" });
});

test("a data folder belongs to one process alone, or to several that share it", () => {
  const path = join(folder, "lock");
  const held = lockFolder(path, "alone");
  for (const hold of ["alone", "shared"] as const)
    expect(() => lockFolder(path, hold)).toThrow(/Another Cairn process/);
  held.release();
  const sharers = [lockFolder(path, "shared"), lockFolder(path, "shared")];
  expect(() => lockFolder(path, "alone")).toThrow(/Another Cairn process/);
  for (const sharer of sharers) sharer.release();
  lockFolder(path, "alone").release();
});
