import { afterAll, beforeAll, expect, test } from "vitest";
import { openCheckpoint } from "#shared/lineage/checkpoint.ts";
import type { PublishedKey } from "#shared/lineage/signing-key.ts";
import { verifyBundle } from "#shared/lineage/verify-bundle.ts";
import { verifyBundle as verifyElsewhere } from "../../services/retrieval-api/lineage/takeaway/verify.mjs";
import { loggedBundle } from "../helpers/lineage-bundle.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal({ files: { "ports.md": "# Ports\n\nThe gateway listens on port 8081.\n" } });
});
afterAll(() => app.close());

const QUESTION = "Which port does the gateway listen on?";
const get = async <T>(path: string): Promise<T> => (await app.send(path)).json() as Promise<T>;

test("an answer is signed at once, and attested and logged a moment later", async () => {
  const { lineage } = await app.ask(QUESTION);
  expect(lineage).toMatchObject({ verification: { level: "L2", signed: true, attested: true, logged: false } });
  const text = JSON.stringify(await loggedBundle(app, lineage.id));
  expect(verifyBundle(text)).toMatchObject({ ok: true, level: "L3" });
  expect(await verifyElsewhere(text)).toMatchObject({ ok: true, level: "L3" });
  const seen = await get<object>(`/v1/answers/${lineage.id}/lineage`);
  expect(seen).toMatchObject({ verification: { level: "L3", logged: true } });
  const asked = await (await app.send(`/v1/answers/${lineage.id}/verify`, {})).json();
  expect(asked).toMatchObject({ ok: true, level: "L3" });
});

test("keys, checkpoint, proofs and the verifier are there to be fetched", async () => {
  const { lineage } = await app.ask(QUESTION);
  const bundle = await loggedBundle(app, lineage.id);
  const { keys } = await get<{ keys: PublishedKey[] }>("/.well-known/cairn-keys.json");
  expect(bundle.keys).toEqual(keys);
  const checkpoint = await (await app.send("/v1/log/checkpoint")).text();
  const { size } = openCheckpoint(checkpoint, keys)!;
  const proof = await get<{ index: number; checkpoint: string }>(`/v1/log/proof?id=${lineage.id}`);
  expect(proof.index).toBeLessThan(size);
  const own = openCheckpoint(bundle.log!.checkpoint, keys)!;
  const { hashes } = await get<{ hashes: string[] }>(`/v1/log/consistency?from=${own.size}&to=${size}`);
  const known = { log: { checkpoint, hashes } };
  expect(verifyBundle(JSON.stringify(bundle), known).ok).toBe(true);
  const file = await app.send("/.well-known/cairn-verify.mjs");
  expect(file.headers.get("content-type")).toContain("javascript");
  expect(await file.text()).toContain("export async function verifyBundle");
  expect((await app.send("/v1/log/proof?id=nobody")).status).toBe(404);
  expect((await app.send(`/v1/log/consistency?from=2&to=${size + 1}`)).status).toBe(400);
});

test("after a rotation old and new answers verify with one set of keys", async () => {
  const before = await app.ask(QUESTION);
  const response = await app.send("/v1/signing-keys", {});
  expect(response.status).toBe(201);
  const { kid } = (await response.json()) as PublishedKey;
  const after = await app.ask(QUESTION);
  const { keys } = await get<{ keys: PublishedKey[] }>("/.well-known/cairn-keys.json");
  for (const { lineage } of [before, after]) {
    const text = JSON.stringify(await loggedBundle(app, lineage.id));
    expect(verifyBundle(text, { keys })).toMatchObject({ ok: true, level: "L3" });
    expect(await verifyElsewhere(text, { keys })).toMatchObject({ ok: true, level: "L3" });
  }
  expect(after.lineage).toMatchObject({ verification: { keyid: kid } });
  expect(before.lineage).not.toMatchObject({ verification: { keyid: kid } });
});
