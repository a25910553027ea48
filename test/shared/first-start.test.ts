import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadPepper } from "#shared/pepper.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cairn-first-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const OPENER = new URL("../helpers/open-state.ts", import.meta.url).pathname;

/** Another process opens the state. Resolves to what it says: its pepper, or why it failed. */
function openElsewhere(path: string): Promise<string> {
  const child = spawn(process.execPath, [OPENER, path], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said += piece));
  return new Promise((resolve) => child.once("close", () => resolve(said)));
}

test("processes that start together over an empty folder all open it, and share one pepper", async () => {
  for (let round = 0; round < 3; round++) {
    const path = join(folder, String(round));
    const said = await Promise.all([1, 2, 3].map(() => openElsewhere(path)));
    const pepper = readFileSync(join(path, "pepper"), "utf8");
    expect(said).toEqual([pepper, pepper, pepper]);
  }
}, 60_000);

test("a pepper is 64 hexadecimal digits, only for its owner, and leaves no draft behind", async () => {
  const [one, two] = await Promise.all([loadPepper(folder), loadPepper(folder)]);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(two).toBe(one);
  expect(await loadPepper(folder)).toBe(one);
  expect(readdirSync(folder)).toEqual(["pepper"]);
  expect(statSync(join(folder, "pepper")).mode & 0o777).toBe(0o600);
});

test.each(["", "abc", `${"0".repeat(64)}\n`, "G".repeat(64)])("a pepper file with %j is refused", async (content) => {
  writeFileSync(join(folder, "pepper"), content);
  await expect(loadPepper(folder)).rejects.toThrow(/64 hexadecimal digits.*Nothing was changed\.$/);
  expect(readFileSync(join(folder, "pepper"), "utf8")).toBe(content);
});
