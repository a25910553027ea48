import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "#shared/digest.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import type { SearchIndex } from "#shared/index.ts";
import { passageText } from "#shared/passage-text.ts";
import { scopeOf } from "#shared/principal.ts";
import { loadRelease, type Release } from "#shared/release.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { loadPolicy } from "../evals/gate/policy.ts";
import { ndcgAt, recallAt, reciprocalRankAt } from "../evals/metrics/ranking.ts";
import { mean } from "../evals/metrics/retrieval-values.ts";
import { readSuiteData } from "../evals/read-suite-data.ts";
import { loadSuites } from "../evals/suite.ts";
import { DataAbsent, type EvalDocument, type Question, type SuiteData } from "../evals/suite-data.ts";
import { chunkDocument } from "../ingest/chunk/chunk.ts";
import { inspectEmbedder } from "../ingest/embed/inspect-embedder.ts";
import { manifestWith } from "../ingest/embed/manifest-with.ts";
import { parse } from "../ingest/parse/parse.ts";
import { createDenseLeg, type OpenDenseLeg } from "../services/retrieval-api/retrieval/dense-leg.ts";
import { createRetrieve } from "../services/retrieval-api/retrieval/retrieve.ts";
import type { SecondGate } from "../services/retrieval-api/retrieval/second-gate.ts";
import { openKeptVectors } from "./kept-vectors.ts";

const PRINCIPAL = { tenant: "bench", subject: "bench", groups: [], scopes: [] };
const RELEASE = "releases/default";
const PAGE = 256;
/** Machines that measure are busy ones: what is measured is the order, not whether it came in time. */
const LIMIT_MS = 60_000;
const NO_DENSE: OpenDenseLeg = () => ({ near: async () => undefined, report: undefined });
/** Questions of the one and documents of the other: the same paragraphs in two languages. */
const CROSS = [
  ["xquad-zh", "xquad-en"],
  ["xquad-en", "xquad-zh"],
] as const;

export type RetrievalOptions = {
  readonly dataFolder: string;
  /** Folder of an embedding model: every set is then also measured with the leg of its vectors. */
  readonly embeddings: string | undefined;
  /** Names of sets, and a number: at most so many questions of each, spread evenly. */
  readonly args: readonly string[];
};

/**
 * Ranks whole corpora through the real chunker, index, fusion and ranking, without HTTP in between: minutes become
 * seconds. Sets and floors are those of the evaluation suites. Exits 1 when a floor is missed.
 */
export async function retrieval({ dataFolder, embeddings, args }: RetrievalOptions): Promise<void> {
  const policy = await loadPolicy(join(RELEASE, "evaluation.json"));
  const only = args.filter((arg) => !/^\d+$/.test(arg));
  const most = Number(args.find((arg) => /^\d+$/.test(arg)) ?? Number.POSITIVE_INFINITY);
  const kept = embeddings === undefined ? undefined : await openKeptVectors(embeddings);
  const sets = new Map<string, SuiteData>();
  console.log("set                        nDCG@10  floor  ratio   R@5   R@10  MRR@10  search p50/p99 ms  chunks/s");
  for (const suite of await loadSuites("evals/suites", Object.keys(policy.suites))) {
    const floor = policy.suites[suite.name]!.find(({ metric }) => metric === "ndcg@10")?.floor;
    const isWanted = only.length === 0 || only.includes(suite.name);
    if (suite.relevance !== "document" || typeof floor !== "number" || !isWanted) continue;
    const data = await readSuiteData(suite, { root: ".", data: dataFolder }).catch((error: unknown) => {
      if (error instanceof DataAbsent) return error;
      throw error;
    });
    if (data instanceof DataAbsent) {
      console.log(`${suite.name.padEnd(26)} skipped: ${data.message}`);
      continue;
    }
    sets.set(suite.name, { ...data, questions: sample(data.questions, most) });
    await report(suite.name, sets.get(suite.name)!, floor, kept?.embed);
  }
  for (const [asked, told] of CROSS) {
    const [questions, documents] = [sets.get(asked)?.questions, sets.get(told)?.documents];
    if (!kept || !questions || !documents) continue;
    await report(`${asked} in ${told}`, { documents, questions }, undefined, kept.embed);
  }
  await kept?.close();
}

function sample(questions: SuiteData["questions"], most: number): Question[] {
  const asked = questions.filter(({ gold }) => gold.length > 0);
  const step = Math.max(1, Math.ceil(asked.length / most));
  return asked.filter((_, i) => i % step === 0);
}

async function report(name: string, data: SuiteData, floor: number | undefined, embed: Embed | undefined) {
  for (const { leg, ndcg, recall5, recall10, mrr, p50, p99, chunksPerSecond } of await measure(data, embed)) {
    const missed = floor !== undefined && !(ndcg >= floor);
    if (missed) process.exitCode = 1;
    const numbers = [ndcg, floor ?? 0, floor === undefined ? 0 : ndcg / floor, recall5, recall10, mrr];
    const said = numbers.map((value) => value.toFixed(3)).join("  ");
    const speed = `${p50.toFixed(1)} / ${p99.toFixed(1)}  ${chunksPerSecond}`;
    console.log(`${`${name} ${leg}`.padEnd(26)} ${said}  ${speed}${missed ? "  MISSED" : ""}`);
  }
}

async function measure(data: SuiteData, embed: Embed | undefined) {
  const release = await loadRelease(RELEASE);
  const home = mkdtempSync(join(tmpdir(), "cairn-bench-"));
  const index = openSqliteIndex(join(home, "index.db"));
  try {
    const filing = { tenant: "bench", collection: "default", acl: ["tenant"] };
    const chunked = data.documents.map(async (one) => ({ filing, versionId: one.uri, chunks: await chunksOf(one) }));
    const batch = await Promise.all(chunked);
    if (embed) await addDenseLeg(index, embed);
    const started = performance.now();
    await index.writeAll(batch);
    const seconds = (performance.now() - started) / 1000;
    const chunksPerSecond = Math.round(batch.reduce((sum, { chunks }) => sum + chunks.length, 0) / seconds);
    const lexical = { leg: "", chunksPerSecond, ...(await ask(data, index, release, NO_DENSE)) };
    if (!embed) return [lexical];
    await giveVectors(index, embed);
    const metrics = createMetrics();
    const openDense = createDenseLeg({
      index,
      embed,
      withdrawnModels: async () => new Set(),
      metrics,
      limitMs: LIMIT_MS,
    });
    return [lexical, { leg: "+ dense", chunksPerSecond, ...(await ask(data, index, release, openDense)) }];
  } finally {
    await index.close();
    rmSync(home, { recursive: true });
  }
}

async function ask({ documents, questions }: SuiteData, index: SearchIndex, release: Release, dense: OpenDenseLeg) {
  const titles = new Map(documents.map(({ uri, title = "" }) => [uri, title]));
  const retrieve = createRetrieve(index, everyone(titles), release, createMetrics(), dense);
  const scope = scopeOf(PRINCIPAL);
  const times: number[] = [];
  const ranked: { gains: number[]; wanted: number[] }[] = [];
  for (const { question, gold } of questions) {
    const before = performance.now();
    const { candidates } = await retrieve(question, scope, release.retrieval.candidates, AbortSignal.timeout(LIMIT_MS));
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
  };
}

async function addDenseLeg(index: SearchIndex, embed: Embed): Promise<void> {
  await index.createGeneration("dense", manifestWith(await inspectEmbedder(embed, AbortSignal.timeout(LIMIT_MS))));
  await index.promoteGeneration("dense");
}

async function giveVectors(index: SearchIndex, embed: Embed): Promise<void> {
  for (;;) {
    const { chunks } = await index.withoutVectors("dense", PAGE);
    if (chunks.length === 0) return;
    const texts = chunks.map(({ chunk }) => passageText(chunk));
    const { vectors, by } = await embed("passage", texts, new AbortController().signal);
    await index.writeVectors(
      "dense",
      by.embedder,
      chunks.map((one, i) => ({ ...one, values: vectors[i]!.values })),
    );
  }
}

/** A second gate before which everybody may read everything. */
const everyone =
  (titles: ReadonlyMap<string, string>): SecondGate =>
  async (_, versionIds) =>
    new Map(
      versionIds.map((id) => {
        const named = { documentId: id, versionId: id, title: titles.get(id) ?? "", uri: id, collection: "default" };
        return [id, { ...named, salt: "", textCommitment: "", current: true }];
      }),
    );

/** Ids are of the text: what a process has read of a passage it remembers by its id, and sets have the same addresses. */
async function chunksOf({ uri, title = "", text }: EvalDocument) {
  const parsed = await parse({ bytes: Buffer.from(text), name: "x.txt", mediaType: "text/plain" });
  const shared = { documentId: uri, versionId: uri, title };
  const id = sha256(text).slice(0, 16);
  return chunkDocument(parsed).map((passage) => ({ ...passage, ...shared, id: `${id}:${passage.start}` }));
}
