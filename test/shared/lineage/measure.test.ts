import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { canonicalJson, sha256 } from "#shared/digest.ts";
import { measureCode, measureProcess } from "#shared/lineage/measure.ts";

const AUTHOR = { NAME: "test", EMAIL: "test@example.org" };
const IDENTITY = Object.fromEntries(
  Object.entries(AUTHOR).flatMap(([name, value]) => [
    [`GIT_AUTHOR_${name}`, value],
    [`GIT_COMMITTER_${name}`, value],
  ]),
);
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cairn-code-"));
  mkdirSync(join(root, "services/deep"), { recursive: true });
  writeFileSync(join(root, "services/deep/main.ts"), "run();");
  writeFileSync(join(root, "package.json"), "{}");
  writeFileSync(join(root, "README.md"), "No code.");
});
afterEach(() => rmSync(root, { recursive: true }));

const git = (...args: string[]): string =>
  execFileSync("git", ["-C", root, ...args], { env: { ...process.env, ...IDENTITY }, encoding: "utf8" });
const codeOf = async (given = {}) => (await measureProcess(root, given)).find(({ name }) => name === "code")!;

test("the digest of the code is that of its manifest, so that anybody can make it", async () => {
  const manifest = { "package.json": sha256("{}"), "services/deep/main.ts": sha256("run();") };
  expect(await measureCode(root)).toBe(sha256(canonicalJson(manifest)));
  writeFileSync(join(root, "README.md"), "Still no code.");
  expect(await measureCode(root)).toBe(sha256(canonicalJson(manifest)));
  writeFileSync(join(root, "services/deep/main.ts"), "run(1);");
  expect(await measureCode(root)).not.toBe(sha256(canonicalJson(manifest)));
});

test("Node itself is measured", async () => {
  const runtime = (await measureProcess(root)).find(({ name }) => name === "runtime")!;
  expect(runtime.digest.sha256).toBe(sha256(readFileSync(process.execPath)));
  expect(runtime.uri).toContain(process.version);
});

test("code that is what was expected is attested, other code is observed, and says so", async () => {
  const expected = await measureCode(root);
  const given = { codeDigest: `sha256:${expected}`, codeSource: "oci:image@sha256:0" };
  expect(await codeOf(given)).toMatchObject({
    uri: "oci:image@sha256:0",
    annotations: { assurance: "attested", matches: true },
  });
  writeFileSync(join(root, "services/deep/main.ts"), "run(evil);");
  expect((await codeOf(given)).annotations).toEqual({ assurance: "observed", matches: false });
});

test("a Git checkout is compared with its revision, new files included", async () => {
  git("init", "-q");
  git("add", ".");
  git("commit", "-q", "-m", "first");
  const revision = git("rev-parse", "HEAD").trim();
  expect(await codeOf()).toMatchObject({
    uri: `git:${revision}`,
    annotations: { assurance: "attested", matches: true },
  });
  writeFileSync(join(root, "services/added.ts"), "evil();");
  expect((await codeOf()).annotations).toEqual({ assurance: "observed", matches: false });
});

test("without anything to compare with, the digest stands for itself", async () => {
  expect((await codeOf()).annotations).toEqual({ assurance: "attested" });
});
