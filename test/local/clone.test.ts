import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freeSettings, spawnLocal } from "./spawn-local.ts";

const HERE = join(import.meta.dirname, "../..");
let folder: string;
let clone: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cairn-clone-"));
  clone = join(folder, "my 项目 #1 100%25 é");
  mkdirSync(clone);
  for (const part of ["services", "ingest", "releases", "docs/en/limits.md", "package.json"]) {
    cpSync(join(HERE, part), join(clone, part), { recursive: true });
  }
  symlinkSync(join(HERE, "node_modules"), join(clone, "node_modules"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a clone starts and reads its handbook whatever the path to it is", async () => {
  const spawned = spawnLocal({ ...(await freeSettings()), CAIRN_DATA: join(clone, ".cairn") }, [], clone);
  try {
    await spawned.ready();
    expect(spawned.output().stdout).toContain("Documents: 1 added,");
    expect(spawned.output().stdout).not.toContain("could not be read");
  } finally {
    spawned.child.kill("SIGKILL");
  }
});
