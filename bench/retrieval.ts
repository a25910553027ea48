import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scopeOf } from "#shared/principal.ts";
import { loadRelease } from "#shared/release.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { chunkDocument } from "../ingest/chunk/chunk.ts";
import { parse } from "../ingest/parse/parse.ts";
import { fuse } from "../services/retrieval-api/retrieval/fuse.ts";
import { rankingMetrics } from "./ranking-metrics.ts";

/** nDCG@10 of Lucene's BM25 on whole documents, with its best tokeniser for the set. */
const FLOORS: Readonly<Record<string, number>> = {
  "squad2-dev-visible": 0.896,
  "xquad-en": 0.965,
  "xquad-zh": 0.969,
  "cmrc2018-dev": 0.987,
  "k8s-section-en-concepts": 0.473,
  "k8s-section-zh-concepts": 0.467,
  "k8s-page-en-concepts": 0.763,
  "k8s-page-zh-concepts": 0.766,
};
const CANDIDATES = 100;
const PRINCIPAL = { tenant: "bench", subject: "bench", groups: [], scopes: [] };

type Text = { _id: string; title?: string; text: string };

/** Ranks whole corpora through the real chunker, index and fusion, beside the floors. Exits 1 when one is missed. */
export async function retrieval(dataFolder: string): Promise<void> {
  console.log("set                        nDCG@10  floor  ratio   R@5   R@10  MRR@10  search p50/p99 ms  chunks/s");
  for (const [name, floor] of Object.entries(FLOORS)) {
    const folder = join(dataFolder, "ir", name);
    if (!existsSync(folder)) {
      console.log(`${name.padEnd(26)} skipped: no data at ${folder}`);
      continue;
    }
    const { ndcg, recall5, recall10, mrr, p50, p99, chunksPerSecond } = await measure(folder);
    const missed = ndcg < floor;
    if (missed) process.exitCode = 1;
    const numbers = [ndcg, floor, ndcg / floor, recall5, recall10, mrr].map((value) => value.toFixed(3)).join("  ");
    console.log(
      `${name.padEnd(26)} ${numbers}  ${p50.toFixed(1)} / ${p99.toFixed(1)}  ${chunksPerSecond}${missed ? "  MISSED" : ""}`,
    );
  }
}

async function measure(folder: string) {
  const { weights } = (await loadRelease("releases/default")).retrieval.fusion;
  const home = mkdtempSync(join(tmpdir(), "cairn-bench-"));
  const index = openSqliteIndex(join(home, "index.db"));
  try {
    const corpus = lines<Text>(join(folder, "corpus.jsonl"));
    const filing = { tenant: "bench", collection: "default", acl: ["tenant"] };
    const batch = await Promise.all(
      corpus.map(async (text) => ({ filing, versionId: text._id, chunks: await chunksOf(text) })),
    );
    const started = performance.now();
    await index.writeAll(batch);
    const seconds = (performance.now() - started) / 1000;
    const chunks = batch.reduce((sum, entry) => sum + entry.chunks.length, 0);

    const scope = scopeOf(PRINCIPAL);
    const relevant = qrels(join(folder, "qrels/test.tsv"));
    const times: number[] = [];
    const rankings = new Map<string, string[]>();
    for (const { _id, text } of lines<Text>(join(folder, "queries.jsonl"))) {
      if (!relevant.has(_id)) continue;
      const before = performance.now();
      const { legs } = await index.search(text, scope, CANDIDATES, AbortSignal.timeout(10_000));
      times.push(performance.now() - before);
      rankings.set(_id, [...new Set(fuse(legs, weights, CANDIDATES).map(({ chunk }) => chunk.documentId))]);
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
    return {
      ...rankingMetrics(rankings, relevant),
      p50: at(0.5),
      p99: at(0.99),
      chunksPerSecond: Math.round(chunks / seconds),
    };
  } finally {
    await index.close();
    rmSync(home, { recursive: true });
  }
}

async function chunksOf({ _id, title = "", text }: Text) {
  if (text.trim() === "") return [];
  const parsed = await parse({ bytes: Buffer.from(text), name: "x.txt", mediaType: "text/plain" });
  const shared = { documentId: _id, versionId: _id, title };
  return chunkDocument(parsed).map((passage) => ({ ...passage, ...shared, id: `${_id}:${passage.start}` }));
}

function lines<T>(path: string): T[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

function qrels(path: string): Map<string, Set<string>> {
  const relevant = new Map<string, Set<string>>();
  for (const line of readFileSync(path, "utf8").split("\n").slice(1).filter(Boolean)) {
    const [query, document, grade] = line.split("\t");
    if (Number(grade) > 0) relevant.set(query!, (relevant.get(query!) ?? new Set()).add(document!));
  }
  return relevant;
}
