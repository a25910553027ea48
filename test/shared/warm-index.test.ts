import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "#shared/log.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { openStore } from "#shared/sqlite-index-store.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { warmIndex } from "#shared/warm-index.ts";
import { chunk, find, open } from "../contract/search-index-fixtures.ts";

const VERSIONS = 250;
const filter = { tenant: "acme", acl: ["tenant"], collections: undefined };
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cairn-warm-"));
  path = join(folder, "index.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (n: number, text: string) => ({
  filing: open,
  versionId: `v${n}`,
  chunks: [chunk(`v${n}`, 0, `${text} word${n}`)],
});
function found(store: ReturnType<typeof openStore>, question: string): string[] {
  return store.search(question, filter, 1000).legs.lexical!.map((hit) => hit.chunk.id);
}

test.each([0, 1, 2, 3, 5, 100])("what is written while an index is read, after %i steps of it, is found", (steps) => {
  const writer = openStore(path);
  writer.writeAll(Array.from({ length: VERSIONS }, (_, n) => entry(n, "amber")));
  const reader = openStore(path);
  for (let step = 0; step < steps; step++) reader.warmTerms(0);
  writer.remove(["v0", "v249"]);
  writer.writeAll([entry(120, "cobalt"), entry(240, "cobalt"), entry(250, "amber")]);
  while (reader.warmTerms(0));
  const fresh = openStore(path);
  for (const question of ["amber", "cobalt", "word240", "word0", "wrod250"]) {
    expect(found(reader, question)).toEqual(found(fresh, question));
  }
  expect(found(reader, "amber")).toHaveLength(VERSIONS - 3);
  for (const store of [writer, reader, fresh]) store.close();
});

test("a search that comes while an index is read waits for the rest of it", () => {
  const reader = openStore(path);
  reader.writeAll(Array.from({ length: VERSIONS }, (_, n) => entry(n, "amber")));
  expect(reader.warmTerms(0)).toBe(true);
  expect(found(reader, "amber")).toHaveLength(VERSIONS);
  expect(reader.warmTerms(0)).toBe(false);
  reader.close();
});

test("vectors are read page by page, and a search has all of them before the last one", async () => {
  const store = openStore(path);
  const { manifest } = store.generations()[0]!;
  store.createGeneration("dense", { ...manifest, embedder: "m", dimensions: "2" });
  store.promoteGeneration("dense");
  const chunks = Array.from({ length: 1500 }, (_, at) => chunk("v1", at * 10, "amber"));
  store.writeAll([{ filing: open, versionId: "v1", chunks }]);
  const waiting = store.withoutVectors("dense", 2000).chunks;
  store.writeVectors(
    "dense",
    "m",
    waiting.map((one) => ({ ...one, values: Float32Array.of(1, 0) })),
  );
  store.close();
  const reader = openStore(path);
  expect(reader.warmVectors()).toBe(true);
  expect(reader.nearest("dense", { embedder: "m", values: Float32Array.of(1, 0) }, filter, 2000)).toHaveLength(1500);
  expect(reader.warmVectors()).toBe(false);
  reader.close();
});

test("an index that is warm says so, and one that is closed meanwhile does not complain", async () => {
  const metrics = createMetrics();
  const errors: string[] = [];
  const log = { ...silentLog, error: (event: string) => void errors.push(event) };
  const index = openSqliteIndex(path, log);
  await index.write(open, "v1", [chunk("v1", 0, "amber")]);
  expect((await metrics.indexWarm.get()).values[0]!.value).toBe(0);
  await warmIndex(index, { metrics, log });
  expect((await metrics.indexWarm.get()).values[0]!.value).toBe(1);
  expect(await find(index, "amber")).toHaveLength(1);
  const warming = warmIndex(index, { metrics, log });
  await index.close();
  await warming;
  expect(errors).toEqual([]);
});
