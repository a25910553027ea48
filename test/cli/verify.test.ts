import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Bundle } from "#shared/lineage/bundle.ts";
import { cairn, localCairn, type Place, tempFolder } from "./rig.ts";

const TAKEAWAY = join(import.meta.dirname, "../../services/retrieval-api/lineage/takeaway/verify.mjs");
const folder = tempFolder();
const at = (name: string): string => join(folder.path, name);
let server: Awaited<ReturnType<typeof localCairn>>;
let place: Place;
let id: string;
let bundle: Bundle;

beforeAll(async () => {
  server = await localCairn();
  place = { url: server.url };
  writeFileSync(at("tea.md"), "# Tea\n\nTea is served at four.");
  await cairn(place, "ingest", at("tea.md"));
  const asked = await cairn(place, "ask", "When is tea served?", "--json");
  ({ id } = (JSON.parse(asked.stdout) as { lineage: { id: string } }).lineage);
  bundle = await vi.waitFor(async () => {
    const file = (await (await fetch(`${server.url}/v1/answers/${id}/record`)).json()) as Bundle;
    expect(file.log).not.toBeNull();
    return file;
  }, 5000);
  writeFileSync(at("answer.json"), JSON.stringify(bundle));
  writeFileSync(at("keys.json"), await (await fetch(`${server.url}/.well-known/cairn-keys.json`)).text());
  writeFileSync(at("checkpoint.txt"), await (await fetch(`${server.url}/v1/log/checkpoint`)).text());
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

test("a file verifies without a server, with a report that says what it rests on and what it does not prove", async () => {
  const nobody = { url: "http://127.0.0.1:9" };
  const { code, stdout } = await cairn(nobody, "verify", at("answer.json"));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^VERIFIED, level L3: signed, attested and in the log\.\n/);
  expect(stdout).toMatch(/^ {2}inclusion {4}ok {11}Leaf \d+ of \d+\.$/m);
  expect(stdout).toContain("evidence:1     document ");
  expect(stdout).toContain("Answer    “Tea is served at four. [1]”");
  expect(stdout).toContain("Not proven: that the answer is true");
  const kept = await cairn(
    nobody,
    "verify",
    at("answer.json"),
    "--keys",
    at("keys.json"),
    "--checkpoint",
    at("checkpoint.txt"),
    "--json",
  );
  expect(JSON.parse(kept.stdout)).toMatchObject({ ok: true, level: "L3" });
  expect(kept.stdout).toMatch(/"consistency",\s+"result": "ok"/);
});

test("by its id an answer is fetched, and online the server's log must go on from the file's", async () => {
  await cairn(place, "ask", "When is tea served?");
  const { code, stdout } = await cairn(place, "verify", id, "--online");
  expect([code, stdout]).toEqual([0, expect.stringContaining("consistency  ok")]);
});

test.each([
  ["format", 10, (text: string) => text.slice(1)],
  ["signature", 11, (text: string) => text.replace(/"sig":"../, '"sig":"AA')],
  ["key", 12, (text: string) => text.replace(/"valid_until":null/, '"valid_until":"2020-01-01T00:00:00.000Z"')],
  ["digest", 14, (text: string) => text.replace(/"record":\{"digest":"sha256:../, '"record":{"digest":"sha256:zz')],
  ["answer", 15, (text: string) => text.replace("at four", "at five")],
  ["tag", 16, (text: string) => text.replace('"cited"', '"in_context"')],
  [
    "checkpoint",
    17,
    (text: string) => text.replace("\\ntime 2026", "\\ntime 2027").replace("\\ntime 20", "\\ntime 21"),
  ],
  ["inclusion", 18, (text: string) => text.replace(/"index":\d+,"hashes"/, '"index":0,"hashes"')],
] as const)("what is wrong with a file is its exit code: %s", async (property, exit, change) => {
  const text = JSON.stringify(bundle);
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(at("changed.json"), changed);
  const { code, stdout } = await cairn(place, "verify", at("changed.json"));
  expect(code).toBe(exit);
  expect(stdout).toMatch(/^NOT VERIFIED/);
  expect(stdout).toMatch(new RegExp(`^ {2}${property} +FAILED`, "m"));
  const elsewhere = promisify(execFile)(process.execPath, [TAKEAWAY, at("changed.json")]);
  await expect(elsewhere).rejects.toMatchObject({ code: exit });
});

test("the verifier to take away runs alone, also on an older Node", async () => {
  const nodes = [process.execPath, "/usr/bin/node"].filter(existsSync);
  for (const node of nodes) {
    const { stdout } = await promisify(execFile)(node, [TAKEAWAY, at("answer.json"), "--keys", at("keys.json")]);
    expect(stdout).toContain("VERIFIED, level L3");
  }
});

test("what cannot be read, and a wrong call, have their own exit codes", async () => {
  const missing = await cairn(place, "verify", at("nothing.json"));
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("cannot be read (ENOENT)")]);
  expect((await cairn(place, "verify")).code).toBe(2);
  expect((await cairn(place, "verify", "a", "b")).code).toBe(2);
  expect((await cairn(place, "verify", "a", "--online", "--keys", "b")).code).toBe(2);
  expect((await cairn(place, "verify", at("answer.json"), "--keys", at("tea.md"))).code).toBe(1);
});

test("the digest of the code is printed, and an answer of other code is told", async () => {
  const { stdout } = await cairn(place, "verify", "--code");
  expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  expect((await cairn(place, "verify", at("answer.json"), "--code")).code).toBe(20);
});

test("signing keys are rotated on the server, and made in a file for a secret", async () => {
  const { stdout } = await cairn(place, "keys", "rotate-signing");
  const [, kid] = /^New signing key (\S+), valid from/.exec(stdout) ?? [];
  const { keys } = (await (await fetch(`${server.url}/.well-known/cairn-keys.json`)).json()) as {
    keys: { kid: string }[];
  };
  expect(keys.at(-1)!.kid).toBe(kid);
  expect((await cairn(place, "keys", "rotate-signing", "--file", at("secret.json"))).code).toBe(0);
  expect(JSON.parse(readFileSync(at("secret.json"), "utf8"))).toMatchObject({ keys: [{ valid_until: null }] });
  expect((await cairn(place, "keys", "list", "--file", "x")).code).toBe(2);
  expect((await cairn(place, "verify", id)).code).toBe(0);
});
