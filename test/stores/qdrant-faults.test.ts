import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { SearchIndex } from "#shared/index.ts";
import { openQdrantIndex } from "#shared/qdrant-index.ts";
import { chunk, everyone, find, idsOf, open } from "../contract/search-index-fixtures.ts";
import { hasQdrantEngine, startQdrant } from "../helpers/qdrant-server.ts";

const layout = { shards: 1, replicas: 1, tenants: new Map<string, number>() };
const API_KEY = "a key of the server";
let server: Awaited<ReturnType<typeof startQdrant>>;
let index: SearchIndex;
let count = 0;
const openIndex = (apiKey: string | undefined = API_KEY) =>
  openQdrantIndex({ url: server.url, apiKey, prefix: `f${count}`, layout });

beforeAll(async () => {
  if (hasQdrantEngine()) server = await startQdrant(["--api-key", API_KEY, "--lag-ms", "200"]);
});
afterAll(() => server?.stop());
beforeEach(async () => {
  count += 1;
  index = openIndex();
  await index.write(open, "v1", [chunk("v1", 0, "amber")]);
});
afterEach(() => server.noFaults());

test("a failure that passes is not noticed, whether the server did the work before it failed or not", async () => {
  for (const fault of [
    { status: 503, times: 2 },
    { status: 429, retry_after: 1 },
    { close: "before" },
    { close: "after" },
  ] as const) {
    await server.fault([{ ...fault, path: "/points" }]);
    await index.write(open, "v2", [chunk("v2", 0, "amber cobalt")]);
    await server.fault([{ ...fault, path: "/points" }]);
    expect(idsOf(await find(index, "amber"))).toEqual(["v1:0", "v2:0"]);
    await index.remove(["v2"]);
  }
});

test("while the server fails, calls are refused as unavailable, soon without asking it, and then work again", async () => {
  await server.fault([{ status: 503, times: 100 }]);
  const refused = { code: "unavailable", retryable: true };
  for (let i = 0; i < 3; i++) {
    await expect(index.write(open, "v2", [chunk("v2", 0, "amber")])).rejects.toMatchObject(refused);
    await expect(find(index, "amber")).rejects.toMatchObject(refused);
  }
  const before = performance.now();
  await expect(find(index, "amber")).rejects.toMatchObject(refused);
  expect(performance.now() - before).toBeLessThan(1000);
  await server.noFaults();
  await new Promise((resolve) => setTimeout(resolve, 2100));
  await index.write(open, "v2", [chunk("v2", 0, "amber")]);
  expect(idsOf(await find(index, "amber"))).toEqual(["v1:0", "v2:0"]);
});

test("a write that broke off is invisible, is listed for reconciliation, and is whole after it is done again", async () => {
  const chunks = Array.from({ length: 600 }, (_, at) => chunk("v2", at * 10, `cobalt ${at}`));
  await server.fault([
    { delay_ms: 0, times: 1, path: "/points?", method: "PUT" },
    { status: 400, path: "/points", method: "PUT" },
  ]);
  await expect(index.write(open, "v2", chunks)).rejects.toThrow();
  await server.noFaults();
  expect(await find(index, "cobalt")).toEqual([]);
  await index.write(open, "v2", chunks);
  expect(await find(index, "cobalt")).toHaveLength(600);
  expect((await index.versions()).sort()).toEqual(["v1", "v2"]);
});

test("a killed server has everything that was acknowledged when it is back", async () => {
  await index.write(open, "v2", [chunk("v2", 0, "amber")]);
  await index.remove(["v1"]);
  await server.kill();
  await expect(find(index, "amber")).rejects.toMatchObject({ code: "unavailable" });
  await server.startAgain();
  await new Promise((resolve) => setTimeout(resolve, 2100));
  expect(idsOf(await find(index, "amber"))).toEqual(["v2:0"]);
});

test("a wrong key is told as such, and is no reason to try again", async () => {
  const wrong = openIndex("another key").search("amber", everyone, 5, AbortSignal.timeout(5000));
  await expect(wrong).rejects.toThrow(/QDRANT_API_KEY/);
});

test("what was built by other code is neither searched nor written to", async () => {
  const { manifest } = (await index.generations())[0]!;
  await index.createGeneration("older", { ...manifest, tokenizer: "older/0" });
  await index.write(open, "v2", [chunk("v2", 0, "amber")]);
  await index.promoteGeneration("older");
  await expect(find(index, "amber")).rejects.toThrow(/older\/0.*reindex/s);
  await expect(index.write(open, "v3", [chunk("v3", 0, "amber")])).rejects.toThrow(/older\/0.*reindex/s);
});
