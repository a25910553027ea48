import { verify } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openKeyRing, rotateFile } from "#shared/lineage/key-ring.ts";
import { isGenuine, isValidAt, publicKeyOf } from "#shared/lineage/signing-key.ts";

const MINUTE = 60_000;
const START = Date.parse("2026-03-01T12:00:00Z");
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cairn-keys-"));
  path = join(folder, "signing-keys.json");
});
afterEach(() => rmSync(folder, { recursive: true }));
const open = (at = START) => openKeyRing(path, () => at);

test("the first start makes a key that only its owner can read, and every later one finds it", async () => {
  const first = await open();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect((await open()).published()).toEqual(first.published());
  expect(readdirSync(folder)).toEqual(["signing-keys.json"]);
});

test("of several first starts at once, all end with the same key", async () => {
  const rings = await Promise.all(Array.from({ length: 8 }, () => open()));
  expect(new Set(rings.map((ring) => ring.published()[0]!.kid)).size).toBe(1);
});

test("what is published has no private half and is signed by itself", async () => {
  const [key] = (await open()).published();
  expect(key).not.toHaveProperty("d");
  expect(isGenuine(key!)).toBe(true);
  expect(isGenuine({ ...key!, valid_from: "2020-01-01T00:00:00.000Z" })).toBe(false);
  expect(isGenuine({ ...key!, valid_until: "2030-01-01T00:00:00.000Z" })).toBe(false);
  expect(isGenuine({ ...key!, kid: "A".repeat(43) })).toBe(false);
});

test("after a rotation the new key signs, the old one ends a little later and loses its private half", async () => {
  const ring = await open();
  const [old] = ring.published();
  const next = await ring.rotate(START + MINUTE);
  expect(ring.published().map(({ kid }) => kid)).toEqual([old!.kid, next.kid]);
  const body = Buffer.from("body");
  expect(ring.sign(body, START + MINUTE)!.kid).toBe(next.kid);
  // What was finished just before is signed by the key that was good then.
  expect(ring.sign(body, START + MINUTE - 1)!.kid).toBe(old!.kid);
  const ended = ring.published()[0]!;
  expect(isGenuine(ended)).toBe(true);
  expect([isValidAt(ended, START + 5 * MINUTE), isValidAt(ended, START + 7 * MINUTE)]).toEqual([true, false]);
  await ring.rotate(START + 10 * MINUTE);
  const kept = JSON.parse(readFileSync(path, "utf8")) as { keys: { d?: string }[] };
  expect(kept.keys.map(({ d }) => d !== undefined)).toEqual([false, true, true]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("another replica hears of a rotation", async () => {
  const [one, other] = [await open(), await open()];
  const next = await one.rotate(START + MINUTE);
  expect(other.published()).toHaveLength(1);
  await other.refresh();
  expect(other.published()).toEqual(one.published());
  expect(other.sign(Buffer.from("x"), START + MINUTE)!.kid).toBe(next.kid);
});

test("a signature holds under the published key, and no key signs outside its interval", async () => {
  const ring = await open();
  const bytes = Buffer.from("what is signed");
  const { kid, signature } = ring.sign(bytes, START)!;
  const key = ring.published().find((one) => one.kid === kid)!;
  expect(verify(null, bytes, publicKeyOf(key), signature)).toBe(true);
  expect(ring.sign(bytes, START - 1)).toBeUndefined();
  expect(ring.seal("{}", START - 1).signatures).toEqual([]);
});

test("a file that holds something else, or a key moved in time, is refused with a sentence", async () => {
  writeFileSync(path, "{}");
  await expect(open()).rejects.toThrow(/does not hold signing keys/);
  rmSync(path);
  await open();
  writeFileSync(path, readFileSync(path, "utf8").replace(/"valid_from": "2026/, '"valid_from": "2025'));
  await expect(open()).rejects.toThrow(/not signed by itself/);
});

test("keys are made for a secret without a server, and a file that has none for now is refused", async () => {
  const made = await rotateFile(path, START);
  expect((await open()).published()).toEqual([made]);
  await expect(open(START - MINUTE)).rejects.toThrow(/no key that may sign now/);
});
