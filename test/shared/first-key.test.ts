import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStateDatabase } from "#shared/open-state.ts";
import { readStateSettings } from "#shared/state-settings.ts";

const MAIN = join(import.meta.dirname, "../../services/first-key/main.ts");

test("an installation gets its first key from a command, once, and the key is an administrator's", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cairn-first-key-"));
  const env = { CAIRN_DATA: folder };
  const run = () => spawnSync(process.execPath, [MAIN], { env, encoding: "utf8" });
  const first = run();
  expect([first.status, first.stderr]).toEqual([0, ""]);
  expect(first.stdout).toMatch(/^cairn_[0-9a-f]{12}_\S+\n$/);
  const second = run();
  expect(second.status).toBe(1);
  expect(second.stdout).toBe("");
  expect(second.stderr).toMatch(/^There is an API key already\. .*keys create\n$/);

  const { db, withKeys } = await openStateDatabase(readStateSettings(env));
  const principal = await withKeys({ authorization: `Bearer ${first.stdout.trim()}` });
  expect(principal).toMatchObject({ tenant: "local", subject: "admin", scopes: expect.arrayContaining(["admin"]) });
  await db.close();
  rmSync(folder, { recursive: true });
});
