import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openCheckpoint, signCheckpoint } from "#shared/lineage/checkpoint.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";
import { leafHash } from "#shared/lineage/merkle.ts";
import { openNote } from "#shared/lineage/signed-note.ts";
import type { PublishedKey } from "#shared/lineage/signing-key.ts";

const folder = mkdtempSync(join(tmpdir(), "cairn-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));
const AT = Date.parse("2026-03-01T12:00:00Z");

test("the published example of a signed note is opened, and nothing that differs from it", () => {
  const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const signature =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
  const packed = Buffer.from("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "base64");
  const key = { kty: "OKP", crv: "Ed25519", x: packed.subarray(1).toString("base64url") } as PublishedKey;
  const note = `${text}\n${signature}\n`;
  expect(openNote(note, "PeterNeumann", [key])).toEqual({ text, key });
  expect(openNote(note, "EnochRoot", [key])).toBeUndefined();
  expect(openNote(note.replace("answer", "Answer"), "PeterNeumann", [key])).toBeUndefined();
  expect(openNote(note.slice(0, -1), "PeterNeumann", [key])).toBeUndefined();
});

test("a checkpoint is a note with origin, size and root, and every changed byte of it is found", async () => {
  const ring = await openKeyRing(join(folder, "keys.json"), () => AT);
  const given = { origin: "cairn/0123/local", size: 7, root: leafHash("x"), at: AT + 1 };
  const note = signCheckpoint(ring, given)!;
  expect(note.split("\n").slice(0, 3)).toEqual(["cairn/0123/local", "7", given.root.toString("base64")]);
  const keys = ring.published();
  expect(openCheckpoint(note, keys)).toEqual({ ...given, key: keys[0] });
  const bytes = Buffer.from(note);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1 << (at % 8);
    expect(openCheckpoint(changed.toString(), keys), `byte ${at}`).toBeUndefined();
  }
  expect(openCheckpoint("", keys)).toBeUndefined();
  expect(openCheckpoint(note, [])).toBeUndefined();
});
