import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Chunk } from "#shared/chunk.ts";
import type { SearchIndex } from "#shared/index.ts";
import { silentLog } from "#shared/log.ts";
import { openState } from "#shared/open-state.ts";
import { mayRead, type SearchScope, scopeOf } from "#shared/principal.ts";
import { readStateSettings } from "#shared/state-settings.ts";
import { fuse } from "../services/retrieval-api/retrieval/fuse.ts";
import { CALLERS, createCorpus, DIMENSIONS, type Entry, filingOf, PER_VERSION } from "./search-corpus.ts";

const CHUNKS = 100_000;
const BATCH_VERSIONS = 100;
const BATCH_VECTORS = 5000;
const QUESTIONS = 1000;
const WARM_UP = 40;
const CANDIDATES = 40;
const LIMIT_MS = 30_000;
const GENERATION = "hybrid";
const EMBEDDER = "bench/384@1";
const WEIGHTS = { lexical: 0.5, dense: 0.5 };
/** What the writer writes is made before: it must not take the time of those who search. */
const KEPT_ENTRIES = 100;
const EMBED_EVERY = 8;
/** Chunks a second: what ingestion has to reach. */
const PACE = 1500;
const TARGET = { p50: 6, p99: 15 };

type Corpus = ReturnType<typeof createCorpus>;
type Kind = "lexical" | "hybrid";

/**
 * Filtered searches over 100,000 chunks alone, beside a writer, and beside one that never rests: by words, and by words
 * and vectors, with passages and fusion, as the caller of the index sees it. With `QDRANT_URL` in Qdrant, else in SQLite.
 */
export async function search(environment: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> {
  const versions = Number(args[0] ?? CHUNKS) / PER_VERSION;
  const folder = mkdtempSync(join(tmpdir(), "cairn-bench-search-"));
  const { QDRANT_URL, QDRANT_API_KEY } = environment;
  const settings = readStateSettings({
    ...(QDRANT_URL && { QDRANT_URL, QDRANT_COLLECTION: `bench-${Date.now()}` }),
    ...(QDRANT_API_KEY && { QDRANT_API_KEY }),
    CAIRN_DATA: folder,
  });
  const { index, close } = await openState(settings, silentLog);
  const corpus = createCorpus(7);
  try {
    await fill(index, corpus, versions);
    await ask(index, corpus, WARM_UP, versions);
    report("no writer", await ask(index, corpus, QUESTIONS / 2, versions));
    for (const pace of [PACE, Number.POSITIVE_INFINITY]) {
      const writer = startWriter(index, corpus, versions, pace);
      const times = await ask(index, corpus, QUESTIONS, versions);
      const { writes, seconds } = await writer.stop();
      report(`beside ${Math.round((writes * PER_VERSION) / seconds)} chunks/s written`, times);
    }
  } finally {
    await close();
    rmSync(folder, { recursive: true });
  }
}

async function fill(index: SearchIndex, corpus: Corpus, versions: number): Promise<void> {
  const [live] = await index.generations();
  await index.createGeneration(GENERATION, {
    ...live!.manifest,
    embedder: EMBEDDER,
    dimensions: String(DIMENSIONS),
  });
  await index.promoteGeneration(GENERATION);
  await index.dropGeneration(live!.id);
  let busyMs = 0;
  for (let at = 0; at < versions; at += BATCH_VERSIONS) {
    const batch = Array.from({ length: Math.min(BATCH_VERSIONS, versions - at) }, (_, i) => corpus.entry(at + i));
    const before = performance.now();
    await index.writeAll(batch);
    busyMs += performance.now() - before;
  }
  console.log(`${versions * PER_VERSION} chunks written at ${Math.round((1000 * versions * PER_VERSION) / busyMs)}/s`);
  const before = performance.now();
  while ((await embed(index, ({ start }) => corpus.place(start / 1000), BATCH_VECTORS)) > 0);
  console.log(`their vectors after ${((performance.now() - before) / 1000).toFixed(1)} s`);
}

/** Gives waiting chunks their places. Resolves to how many there were. */
async function embed(index: SearchIndex, placeOf: (chunk: Chunk) => Float32Array, limit: number): Promise<number> {
  const { chunks } = await index.withoutVectors(GENERATION, limit);
  const vectors = chunks.map((one) => ({ ...one, values: placeOf(one.chunk) }));
  await index.writeVectors(GENERATION, EMBEDDER, vectors);
  return chunks.length;
}

async function ask(index: SearchIndex, corpus: Corpus, questions: number, versions: number) {
  const times = CALLERS.map((): Record<Kind, number[]> => ({ lexical: [], hybrid: [] }));
  for (let i = 0; i < questions; i++) {
    const at = i % CALLERS.length;
    const scope = scopeOf(CALLERS[at]!.principal);
    const question = corpus.question(readable(corpus, scope, versions));
    const vector = { embedder: EMBEDDER, values: corpus.place(corpus.below(versions)) };
    const signal = AbortSignal.timeout(LIMIT_MS);
    const kind = Math.floor(i / CALLERS.length) % 2 === 0 ? "lexical" : "hybrid";
    const before = performance.now();
    const { generation, legs } = await index.search(question, scope, CANDIDATES, signal);
    if (kind === "hybrid") {
      const dense = await index.nearest(generation, vector, scope, CANDIDATES, signal);
      if (!dense) throw new Error("The index has no vectors.");
      fuse({ ...legs, dense }, WEIGHTS, CANDIDATES);
    }
    times[at]![kind].push(performance.now() - before);
  }
  return times;
}

/** Who asks has read of what they ask for. */
function readable(corpus: Corpus, scope: SearchScope, versions: number): Entry {
  for (;;) {
    const version = corpus.below(versions);
    if (mayRead(scope, filingOf(version))) return corpus.entry(version);
  }
}

/** Writes versions, half of them again, and their vectors, one commit after the other, so many chunks a second. */
function startWriter(index: SearchIndex, corpus: Corpus, versions: number, pace: number) {
  const entries = Array.from({ length: KEPT_ENTRIES }, (_, i) => corpus.entry(versions + i));
  const places = Array.from({ length: KEPT_ENTRIES * PER_VERSION }, (_, i) => corpus.place(i % PER_VERSION));
  let placed = 0;
  const placeOf = ({ start }: Chunk): Float32Array => places[(placed++ % KEPT_ENTRIES) * PER_VERSION + start / 1000]!;
  let writing = true;
  let writes = 0;
  const started = performance.now();
  const work = (async () => {
    for (; writing; writes++) {
      const entry = entries[writes % KEPT_ENTRIES]!;
      const id = writes % 2 === 0 ? `w${writes}` : `v${(writes * 7919) % versions}`;
      await index.writeAll([{ ...entry, versionId: id, chunks: entry.chunks.map((one) => filedAs(id, one)) }]);
      if (writes % EMBED_EVERY === 0) await embed(index, placeOf, EMBED_EVERY * PER_VERSION);
      const early = started + (1000 * (writes + 1) * PER_VERSION) / pace - performance.now();
      if (early > 0) await sleep(early);
    }
  })();
  return {
    async stop() {
      writing = false;
      await work;
      return { writes, seconds: (performance.now() - started) / 1000 };
    },
  };
}

const filedAs = (versionId: string, chunk: Entry["chunks"][number]) => ({
  ...chunk,
  ...{ versionId, id: `${versionId}:${chunk.start}`, documentId: `d-${versionId}` },
});

function report(title: string, times: readonly Record<Kind, number[]>[]): void {
  console.log(`\n${title.padEnd(30)}  lexical p50 /  p99 ms   hybrid p50 /  p99 ms`);
  for (const [i, { name }] of CALLERS.entries()) line(`may read ${name}`, times[i]!);
  const all = { lexical: times.flatMap(({ lexical }) => lexical), hybrid: times.flatMap(({ hybrid }) => hybrid) };
  line("all", all);
  const [p50, p99] = [quantile(all.hybrid, 0.5), quantile(all.hybrid, 0.99)];
  const isReached = p50 <= TARGET.p50 && p99 <= TARGET.p99;
  console.log(`hybrid p50 ≤ ${TARGET.p50} ms and p99 ≤ ${TARGET.p99} ms: ${isReached ? "reached" : "MISSED"}`);
}

function line(name: string, { lexical, hybrid }: Record<Kind, number[]>): void {
  const said = (times: readonly number[]): string =>
    `${quantile(times, 0.5).toFixed(1).padStart(11)} / ${quantile(times, 0.99).toFixed(1).padStart(4)}   `;
  console.log(`${name.padEnd(30)}  ${said(lexical)}  ${said(hybrid)}`);
}

function quantile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN;
}
