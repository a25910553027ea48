import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chunk } from "#shared/chunk.ts";
import { silentLog } from "#shared/log.ts";
import { openState } from "#shared/open-state.ts";
import { type Principal, scopeOf } from "#shared/principal.ts";
import { readStateSettings } from "#shared/state-settings.ts";

const CHUNKS = 100_000;
const PER_VERSION = 20;
const BATCH_VERSIONS = 100;
const QUESTIONS = 1000;
const CANDIDATES = 40;
const TENANTS = 5;
const VOCABULARY = 60_000;

/** Filtered searches over 100,000 chunks while a writer runs. With `QDRANT_URL` in Qdrant, else in SQLite. */
export async function search(environment: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> {
  const total = Number(args[0] ?? CHUNKS);
  const folder = mkdtempSync(join(tmpdir(), "cairn-bench-search-"));
  const { QDRANT_URL, QDRANT_API_KEY } = environment;
  const settings = readStateSettings({
    ...(QDRANT_URL && { QDRANT_URL, QDRANT_COLLECTION: `bench-${Date.now()}` }),
    ...(QDRANT_API_KEY && { QDRANT_API_KEY }),
    CAIRN_DATA: folder,
  });
  const { index, close } = await openState(settings, silentLog);
  const roll = seeded(7);
  const word = (): string => spelled(Math.floor(VOCABULARY ** roll()));
  const text = (words: number): string => Array.from({ length: words }, word).join(" ");
  const entryOf = (version: number) => ({
    filing: { tenant: `t${version % TENANTS}`, collection: "default", acl: [version % 3 === 0 ? "group:x" : "tenant"] },
    versionId: `v${version}`,
    chunks: Array.from({ length: PER_VERSION }, (_, i): Chunk => chunkOf(`v${version}`, i, text(60))),
  });
  try {
    const started = performance.now();
    for (let at = 0; at < total / PER_VERSION; at += BATCH_VERSIONS) {
      await index.writeAll(Array.from({ length: BATCH_VERSIONS }, (_, i) => entryOf(at + i)));
    }
    console.log(`${total} chunks written at ${Math.round((1000 * total) / (performance.now() - started))} chunks/s`);
    let writing = true;
    let writes = 0;
    const writer = (async () => {
      for (let version = total; writing; version++, writes++) await index.writeAll([entryOf(version)]);
    })();
    const principal: Principal = { tenant: "t1", subject: "bench", groups: [], scopes: [] };
    const times: number[] = [];
    for (let i = 0; i < QUESTIONS; i++) {
      const before = performance.now();
      await index.search(text(5), scopeOf(principal), CANDIDATES, AbortSignal.timeout(10_000));
      times.push(performance.now() - before);
    }
    writing = false;
    await writer;
    times.sort((a, b) => a - b);
    const at = (share: number): string => times[Math.floor(times.length * share)]!.toFixed(1);
    console.log(`${QUESTIONS} filtered searches beside ${writes} writes: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  } finally {
    await close();
    rmSync(folder, { recursive: true });
  }
}

const chunkOf = (versionId: string, i: number, text: string): Chunk => ({
  ...{ id: `${versionId}:${i}`, documentId: `d-${versionId}`, versionId, title: versionId, headingPath: [] },
  ...{ page: undefined, start: i * 1000, end: i * 1000 + text.length, text },
});

/** A number as a word of letters, the last digit first: words begin with any letter, and common ones are short. */
function spelled(number: number): string {
  const letter = String.fromCharCode(97 + (number % 26));
  return number < 26 ? `${letter}o` : letter + spelled(Math.floor(number / 26));
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}
