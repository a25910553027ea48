import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scopeOf } from "#shared/principal.ts";
import { loadRelease } from "#shared/release.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { loadPolicy } from "../evals/gate/policy.ts";
import { ndcgAt, recallAt, reciprocalRankAt } from "../evals/metrics/ranking.ts";
import { mean } from "../evals/metrics/retrieval-values.ts";
import { readSuiteData } from "../evals/read-suite-data.ts";
import { loadSuites } from "../evals/suite.ts";
import { DataAbsent, type EvalDocument, type SuiteData } from "../evals/suite-data.ts";
import { chunkDocument } from "../ingest/chunk/chunk.ts";
import { parse } from "../ingest/parse/parse.ts";
import { type Fused, fuse } from "../services/retrieval-api/retrieval/fuse.ts";
import { rankCandidates } from "../services/retrieval-api/retrieval/rank-candidates.ts";
import type { Candidate } from "../services/retrieval-api/retrieval/retrieve.ts";

const PRINCIPAL = { tenant: "bench", subject: "bench", groups: [], scopes: [] };
const RELEASE = "releases/default";

/**
 * Ranks whole corpora through the real chunker, index, fusion and ranking, without HTTP in between: minutes become seconds. Sets
 * and floors are those of the evaluation suites. Exits 1 when a floor is missed.
 */
export async function retrieval(dataFolder: string): Promise<void> {
  const policy = await loadPolicy(join(RELEASE, "evaluation.json"));
  const suites = await loadSuites("evals/suites", Object.keys(policy.suites));
  console.log("set                        nDCG@10  floor  ratio   R@5   R@10  MRR@10  search p50/p99 ms  chunks/s");
  for (const suite of suites) {
    const floor = policy.suites[suite.name]!.find(({ metric }) => metric === "ndcg@10")?.floor;
    if (suite.relevance !== "document" || typeof floor !== "number") continue;
    const data = await readSuiteData(suite, { root: ".", data: dataFolder }).catch((error: unknown) => {
      if (error instanceof DataAbsent) return error;
      throw error;
    });
    if (data instanceof DataAbsent) {
      console.log(`${suite.name.padEnd(26)} skipped: ${data.message}`);
      continue;
    }
    const { ndcg, recall5, recall10, mrr, p50, p99, chunksPerSecond } = await measure(data);
    const missed = ndcg < floor;
    if (missed) process.exitCode = 1;
    const numbers = [ndcg, floor, ndcg / floor, recall5, recall10, mrr].map((value) => value.toFixed(3)).join("  ");
    console.log(
      `${suite.name.padEnd(26)} ${numbers}  ${p50.toFixed(1)} / ${p99.toFixed(1)}  ${chunksPerSecond}${missed ? "  MISSED" : ""}`,
    );
  }
}

async function measure({ documents, questions }: SuiteData) {
  const { retrieval, ranking } = await loadRelease(RELEASE);
  const home = mkdtempSync(join(tmpdir(), "cairn-bench-"));
  const index = openSqliteIndex(join(home, "index.db"));
  try {
    const filing = { tenant: "bench", collection: "default", acl: ["tenant"] };
    const batch = await Promise.all(
      documents.map(async (document) => ({ filing, versionId: document.uri, chunks: await chunksOf(document) })),
    );
    const started = performance.now();
    await index.writeAll(batch);
    const seconds = (performance.now() - started) / 1000;
    const chunks = batch.reduce((sum, entry) => sum + entry.chunks.length, 0);

    const scope = scopeOf(PRINCIPAL);
    const times: number[] = [];
    const ranked: { gains: number[]; wanted: number[] }[] = [];
    for (const { question, gold } of questions) {
      if (gold.length === 0) continue;
      const before = performance.now();
      const { legs } = await index.search(question, scope, retrieval.candidates, AbortSignal.timeout(10_000));
      const fused = fuse(legs, retrieval.fusion.weights, retrieval.candidates);
      const { candidates } = rankCandidates(question, fused.map(confirmed), ranking.passage, retrieval.candidates);
      times.push(performance.now() - before);
      const found = [...new Set(candidates.map(({ chunk }) => chunk.documentId))];
      const relevant = new Set(gold.map(({ document }) => document));
      ranked.push({ gains: found.map((id) => (relevant.has(id) ? 1 : 0)), wanted: [...relevant].map(() => 1) });
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
    return {
      ndcg: mean(ranked.map(({ gains, wanted }) => ndcgAt(10, gains, wanted))),
      recall5: mean(ranked.map(({ gains, wanted }) => recallAt(5, gains, wanted))),
      recall10: mean(ranked.map(({ gains, wanted }) => recallAt(10, gains, wanted))),
      mrr: mean(ranked.map(({ gains }) => reciprocalRankAt(10, gains))),
      p50: at(0.5),
      p99: at(0.99),
      chunksPerSecond: Math.round(chunks / seconds),
    };
  } finally {
    await index.close();
    rmSync(home, { recursive: true });
  }
}

/** As the second gate would, for a document that everybody may read. */
function confirmed(hit: Fused): Candidate {
  const { documentId, versionId, title } = hit.chunk;
  const document = {
    documentId,
    versionId,
    title,
    uri: documentId,
    collection: "default",
    salt: "",
    textCommitment: "",
  };
  return { ...hit, document: { ...document, current: true } };
}

async function chunksOf({ uri, title = "", text }: EvalDocument) {
  const parsed = await parse({ bytes: Buffer.from(text), name: "x.txt", mediaType: "text/plain" });
  const shared = { documentId: uri, versionId: uri, title };
  return chunkDocument(parsed).map((passage) => ({ ...passage, ...shared, id: `${uri}:${passage.start}` }));
}
