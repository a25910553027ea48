import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalJson } from "#shared/digest.ts";
import type { Bundle } from "#shared/lineage/bundle.ts";
import { openCheckpoint, signCheckpoint } from "#shared/lineage/checkpoint.ts";
import { type KeyRing, openKeyRing } from "#shared/lineage/key-ring.ts";
import { leafHash } from "#shared/lineage/merkle.ts";
import { endedAt, type SigningKey } from "#shared/lineage/signing-key.ts";
import type { Tag } from "#shared/lineage/tag-schema.ts";
import { latestCheckpoint, proveConsistency } from "#shared/lineage/tenant-log.ts";
import { loggedBundle } from "../helpers/lineage-bundle.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream, streams } from "../helpers/mock-upstream.ts";
import { expectSameNumbers, failuresOf } from "../helpers/verifiers.ts";

const SAID = "The café listens on port 8081 😀. [1]\nSo does the 网关。 [1]";
let upstream: MockUpstream;
let app: LocalApp;
let ring: KeyRing;
let keyFile: string;
let bundle: Bundle;
let other: Bundle;
/** The file of the first answer from before there was a second one. */
let earlier: Bundle;
beforeAll(async () => {
  upstream = await mockUpstream(streams(delta(SAID), finish("stop"), DONE));
  app = await openLocal({
    modelUrl: upstream.baseUrl,
    files: { "ports.md": "# Ports\n\nThe gateway, a café, listens on port 8081. 网关的端口是 8081。\n" },
  });
  keyFile = join(app.folder, "data/signing-keys.json");
  ring = await openKeyRing(keyFile);
  const first = await app.ask("Which port does the gateway listen on?");
  earlier = await loggedBundle(app, first.lineage.id);
  const second = await app.ask("Which port does the café listen on?");
  other = await loggedBundle(app, second.lineage.id);
  bundle = await loggedBundle(app, first.lineage.id);
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});

const failures = (changed: object, known = {}) => failuresOf(JSON.stringify(changed), known);
const payloadOf = ({ envelope }: Bundle): string => Buffer.from(envelope.payload, "base64").toString();
/** The same file about a payload of our own, signed by the real key. */
const signedAgain = (payload: string): Bundle => ({
  ...bundle,
  envelope: ring.seal(payload, Date.now()) as Bundle["envelope"],
});
const withText = (text: string): Bundle => {
  const { answer, question } = bundle.openings;
  return { ...bundle, openings: { question, answer: { ...(answer as { salt: string }), text } } };
};
const withTag = (change: (tag: Tag) => object): Bundle => {
  const tag = structuredClone(bundle.tag) as Tag;
  return { ...bundle, tag: { ...tag, ...change(tag) } };
};

test("unchanged, both verify, with numbers for failures that are the same in both verifiers", async () => {
  expectSameNumbers();
  expect(await failures(bundle)).toEqual([]);
  expect(await failures(other)).toEqual([]);
  expect(await failuresOf(JSON.stringify(bundle, null, 2))).toEqual([]);
});

describe("signature and keys", () => {
  test("the signature of another record", async () => {
    const { signatures } = other.envelope;
    expect(await failures({ ...bundle, envelope: { ...bundle.envelope, signatures } })).toEqual(["signature"]);
  });
  test("no signature, or two", async () => {
    const [signature] = bundle.envelope.signatures;
    for (const signatures of [[], [signature, signature]]) {
      expect((await failures({ ...bundle, envelope: { ...bundle.envelope, signatures } }))[0]).toBe("signature");
    }
  });
  test("another payload type", async () => {
    const envelope = { ...bundle.envelope, payloadType: "application/json" };
    expect(await failures({ ...bundle, envelope })).toEqual(["signature"]);
  });
  test("a key outside its validity", async () => {
    const [key] = (JSON.parse(readFileSync(keyFile, "utf8")) as { keys: SigningKey[] }).keys;
    const { d, ...ended } = endedAt(key!, Date.parse(key!.valid_from) + 1);
    expect(await failures({ ...bundle, keys: [ended] })).toEqual(["key", "checkpoint"]);
    expect(await failures(bundle, { keys: [ended] })).toEqual(["key", "checkpoint"]);
  });
  test("a key whose interval was moved by somebody else, under another name, or twice", async () => {
    const [key] = bundle.keys;
    for (const keys of [
      [{ ...key, valid_from: "2020-01-01T00:00:00.000Z" }],
      [{ ...key, valid_until: "2099-01-01T00:00:00.000Z" }],
      [{ ...key, kid: "A".repeat(43) }],
      [key, key],
    ]) {
      expect((await failures({ ...bundle, keys }))[0]).toBe("key");
    }
  });
  test("keys of another installation", async () => {
    const stranger = await openKeyRing(join(app.folder, "stranger.json"));
    expect((await failures(bundle, { keys: stranger.published() }))[0]).toBe("key");
  });
});

describe("record, answer and tag", () => {
  test("a valid record under another answer", async () => {
    expect(await failures({ ...bundle, envelope: other.envelope, log: other.log })).toEqual([
      "digest",
      "answer",
      "tag",
    ]);
    expect(await failures({ ...bundle, tag: other.tag })).toEqual(["digest", "tag"]);
    expect(await failures({ ...bundle, openings: other.openings })).toEqual(["answer"]);
  });
  test.each([
    ["NFC to NFD", (text: string) => text.normalize("NFD")],
    ["LF to CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
    ["a space more", (text: string) => `${text} `],
    ["one character less", (text: string) => text.slice(0, -1)],
    ["another digit", (text: string) => text.replace("8081", "8082")],
  ])("an answer changed: %s", async (_, change) => {
    const changed = change(SAID);
    expect(changed).not.toBe(SAID);
    expect(await failures(withText(changed))).toEqual(["answer"]);
  });
  test("half a surrogate pair", async () => {
    const text = JSON.stringify(bundle).replace("😀", "\\ud83d");
    expect(await failuresOf(text)).toEqual(["format"]);
  });
  test("a tag that says what the record does not", async () => {
    expect(await failures(withTag(() => ({ score: 1 })))).toEqual(["tag"]);
    expect(await failures(withTag(() => ({ outcome: "refused" })))).toEqual(["tag"]);
    expect(await failures(withTag(() => ({ sources: [] })))).toEqual(["tag"]);
    expect(await failures(withTag(() => ({ models: [] })))).toEqual(["tag"]);
    expect(await failures(withTag(({ claims }) => ({ claims: [...(claims as object[]), {}] })))).toEqual(["tag"]);
    const verified = (change: object) =>
      withTag(({ verification }) => ({ verification: { ...verification, ...change } }));
    expect(await failures(verified({ level: "L3" }))).toEqual(["tag"]);
    expect(await failures(verified({ attested: true }))).toEqual(["tag"]);
    expect(await failures({ ...verified({ logged: true }), log: null })).toEqual(["tag"]);
    expect(await failures(verified({ keyid: null }))).toEqual(["tag"]);
  });
  test("a record that could be read in two ways, although the real key has signed it", async () => {
    const payload = payloadOf(bundle);
    for (const twisted of [
      payload.replace('"outcome":', '"outcome":"answered","outcome":'),
      payload.replace('"outcome":', '"__proto__":{},"outcome":'),
      payload.replace('"outcome":', ' "outcome":'),
      JSON.stringify(JSON.parse(payload), null, 2),
      `\ufeff${payload}`,
      payload.replace('"attempts":1', '"attempts":1.0'),
      payload.replace('"mock-model"', '"\\ud800"'),
      canonicalJson({ ...(JSON.parse(payload) as object), _type: "https://in-toto.io/Statement/v0.1" }),
    ]) {
      expect(twisted).not.toBe(payload);
      expect((await failures(signedAgain(twisted)))[0]).toBe("record");
    }
  });
  test("a file with a key twice, with __proto__, with more, with less, or none at all", async () => {
    const text = JSON.stringify(bundle);
    for (const broken of [
      text.replace('"keys":', '"keys":[],"keys":'),
      text.replace('"keys":', '"__proto__":{},"keys":'),
      text.replace('"keys":', '"more":1,"keys":'),
      text.replace(/"format":"[^"]*",/, ""),
      text.slice(0, -1),
      `${text}x`,
      "",
      "null",
      "[]",
    ]) {
      expect(await failuresOf(broken)).toEqual(["format"]);
    }
  });
});

describe("the log", () => {
  const { parse, stringify } = JSON;
  const withLog = (change: object): Bundle => ({
    ...(parse(stringify(bundle)) as Bundle),
    log: { ...bundle.log!, ...change },
  });

  test("another place, another path, another log's proof", async () => {
    expect(await failures(withLog({ index: bundle.log!.index + 1 }))).toEqual(["inclusion"]);
    expect(await failures(withLog({ hashes: bundle.log!.hashes.slice(1) }))).toEqual(["inclusion"]);
    expect(await failures({ ...bundle, log: other.log })).toEqual(["inclusion"]);
  });
  test("a log that was cut before the record", async () => {
    expect(await failures(earlier)).toEqual([]);
    const log = { ...other.log!, checkpoint: earlier.log!.checkpoint };
    expect(await failures({ ...other, log })).toEqual(["inclusion"]);
  });
  test("a checkpoint that somebody else signed, or nobody", async () => {
    const stranger = await openKeyRing(join(app.folder, "stranger.json"));
    const real = openCheckpoint(bundle.log!.checkpoint, ring.published())!;
    const forged = signCheckpoint(stranger, { ...real, at: Date.now() })!;
    expect(await failures(withLog({ checkpoint: forged }))).toEqual(["checkpoint"]);
    expect(await failures(withLog({ checkpoint: "" }))).toEqual(["checkpoint"]);
  });
  test("two heads of one size, each with the real signature", async () => {
    const real = openCheckpoint(bundle.log!.checkpoint, ring.published())!;
    const fork = signCheckpoint(ring, { ...real, root: leafHash("another"), at: Date.now() })!;
    const known = { log: { checkpoint: fork, hashes: undefined } };
    expect(await failures(bundle, known)).toEqual(["consistency"]);
  });
  test("a kept checkpoint of which the log is no continuation, and one of which it is", async () => {
    await app.ask("Which port does the gateway listen on?");
    const { size, checkpoint } = await expect
      .poll(() => latestCheckpoint(app.db, "local"), { timeout: 5000 })
      .toMatchObject({ size: expect.any(Number) as number })
      .then(async () => (await latestCheckpoint(app.db, "local"))!);
    const own = openCheckpoint(bundle.log!.checkpoint, ring.published())!;
    const hashes = await proveConsistency(app.db, "local", own.size, size);
    expect(await failures(bundle, { log: { checkpoint, hashes } })).toEqual([]);
    const forked = signCheckpoint(ring, { ...own, size: own.size + 3, root: leafHash("x"), at: Date.now() })!;
    expect(await failures(bundle, { log: { checkpoint: forked, hashes } })).toEqual(["consistency"]);
    const elsewhere = signCheckpoint(ring, { ...own, origin: "cairn/00000000/local", at: Date.now() })!;
    expect(await failures(bundle, { log: { checkpoint: elsewhere, hashes: [] } })).toEqual(["consistency"]);
  });
});
