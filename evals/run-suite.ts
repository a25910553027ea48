import { codePointLength } from "#shared/codepoints.ts";
import { concurrently } from "#shared/concurrently.ts";
import { digestOfJson, sha256 } from "#shared/digest.ts";
import type { Language } from "#shared/language.ts";
import type { Client } from "../services/cli/client.ts";
import { anchor } from "./anchor.ts";
import { costOf } from "./cost-of.ts";
import { openJournal } from "./journal.ts";
import type { Served } from "./local-process.ts";
import { type Observed, observe } from "./observe.ts";
import type { Fingerprint, RunSuite, SuiteTimings } from "./results.ts";
import { leaksIn, type Scoring, score } from "./score.ts";
import type { Suite } from "./suite.ts";
import type { EvalDocument, Gold, Question, SuiteData } from "./suite-data.ts";
import { type Corpus, takeIn } from "./take-in.ts";

/** The caller of a server in open mode, whose documents are not foreign. */
const OWN_ENTRIES = new Set(["tenant", "user:admin"]);
/** A shorter line of the instructions may also stand in a document. */
const MIN_SECRET_LINE = 30;

export type SuiteDeps = {
  /** A client of the server at this address, with the runner's own key or with this one. */
  readonly connect: (url: string, key?: string) => Client;
  /** A fresh server for each suite, because its documents change the weights of words. */
  readonly serve: (signal: AbortSignal) => Promise<Served>;
  /** What the release tells the model, which no answer may repeat. */
  readonly instructions: string;
  readonly concurrency: number;
  readonly limit: number | undefined;
  /** Only questions in this language; all when absent. */
  readonly language?: Language | undefined;
  /** Says what is measured: part of what a resumed run must agree with. */
  readonly code: string;
  readonly journal: { readonly path: string; readonly resume: boolean };
  readonly now: () => number;
  readonly onStep: (what: string, done: number, of: number) => void;
};

export type SuiteRun = {
  readonly result: RunSuite;
  readonly timings: SuiteTimings;
  /** Normalised texts of what was cited or is evidence, for reports. */
  readonly texts: ReadonlyMap<string, string>;
};

/** One suite's way: take in, ask, score. */
export async function runSuite(suite: Suite, data: SuiteData, deps: SuiteDeps, signal: AbortSignal): Promise<SuiteRun> {
  const { onStep } = deps;
  const asked = sample(data.questions, deps);
  const fingerprint = fingerprintOf(suite, data);
  const journal = openJournal(
    deps.journal.path,
    digestOfJson({ ...fingerprint, code: deps.code }),
    deps.journal.resume,
  );
  const served = await deps.serve(signal);
  try {
    const client = deps.connect(served.url);
    // What it logs at its start, before it knows anything, gives nothing away.
    const loggedBefore = served.log();
    onStep("documents", 0, data.documents.length);
    const keyed = (key: string): Client => deps.connect(served.url, key);
    const corpus = await takeIn(client, keyed, data.documents, collectionOf(suite, data), signal);
    onStep("documents", data.documents.length, data.documents.length);
    const questions = await anchored(asked, corpus, signal);
    const costBefore = await costOf(served.url, signal);
    let done = 0;
    const observed = await concurrently(questions, deps.concurrency, async (question) => {
      const known = journal.done.get(question.id);
      const one = known ?? (await observe(question, suite.request, { client, corpus, now: deps.now }, signal));
      if (!known) journal.add(question.id, one);
      done += 1;
      onStep("questions", done, questions.length);
      return one;
    });
    const [before, after] = [costBefore, await costOf(served.url, signal)];
    const spent = before === undefined || after === undefined ? undefined : after - before;
    const scoring = scoringOf(suite, data.documents, deps.instructions);
    const results = questions.map((question, i) => {
      const { observation } = observed[i]!;
      return { ...question, observation, values: score(question, observation, scoring) };
    });
    const result: RunSuite = {
      name: suite.name,
      description: suite.description,
      tier: suite.tier,
      status: "run",
      fingerprint,
      releases: releasesOf(observed),
      ...(asked.length < data.questions.length && { sampled: asked.length }),
      logLeaks: leaksIn(served.log(), { question: loggedBefore }, scoring.secrets).length,
      questions: results,
    };
    const timings = { ...(spent !== undefined && { cost: spent }), questions: observed.map(({ timing }) => timing) };
    return { result, timings, texts: await textsOf(result, corpus, scoring.secrets, signal) };
  } finally {
    await served.stop();
  }
}

/** The first `limit` questions in the order of their digests: the same ones each time, from all parts of the suite. */
function sample(all: readonly Question[], { limit, language }: Pick<SuiteDeps, "limit" | "language">) {
  const questions = language === undefined ? all : all.filter((question) => question.language === language);
  if (limit === undefined || limit >= questions.length) return questions;
  const chosen = new Set(questions.toSorted((a, b) => (sha256(a.id) < sha256(b.id) ? -1 : 1)).slice(0, limit));
  return questions.filter((question) => chosen.has(question));
}

function fingerprintOf({ data, request, relevance }: Suite, { documents, questions }: SuiteData): Fingerprint {
  const fixed = documents.filter(({ living }) => !living);
  return {
    suite: digestOfLines([{ data, request, relevance }]),
    documents: digestOfLines(fixed),
    questions: digestOfLines(questions.map((question) => ({ ...question, gold: question.gold.map(unplaced) }))),
  };
}

/** Evidence is found again by its quote: where it stands is no part of the question. */
const unplaced = ({ start, end, quote, ...rest }: Gold): object =>
  quote === undefined ? { ...rest, start, end } : { ...rest, quote };

const digestOfLines = (values: readonly object[]): string =>
  sha256(values.map((value) => JSON.stringify(value)).join("\n"));

/** Another corpus is another collection, so that a server which is used again never mixes two. */
const collectionOf = ({ name }: Suite, { documents }: SuiteData): string =>
  `evals-${name}-${digestOfLines(documents).slice(0, 12)}`;

async function anchored(questions: readonly Question[], corpus: Corpus, signal: AbortSignal): Promise<Question[]> {
  const lost: string[] = [];
  const place = async (gold: Gold, id: string): Promise<Gold> => {
    if (gold.quote === undefined) return gold;
    const found = anchor(gold, await corpus.textOf(gold.document, signal));
    if (!found) lost.push(`${id}: ${gold.document} does not say “${gold.quote}”`);
    return found ?? gold;
  };
  const placed = await concurrently(questions, 8, async (question) => {
    const gold = await Promise.all(question.gold.map((one) => place(one, question.id)));
    return { ...question, gold };
  });
  if (lost.length > 0) throw new Error(`Gold evidence that its document does not have:\n  ${lost.join("\n  ")}`);
  return placed;
}

function scoringOf(suite: Suite, documents: readonly EvalDocument[], instructions: string): Scoring {
  const foreign = documents.filter(
    ({ acl, tenant }) => tenant !== undefined || (acl && !acl.some((entry) => OWN_ENTRIES.has(entry))),
  );
  const lines = instructions.split("\n").map((line) => line.replace(/^[-*]\s*/, "").trim());
  return {
    relevance: suite.relevance,
    metrics: suite.metrics,
    foreign: new Set(foreign.map(({ uri }) => uri)),
    secrets: [
      ...documents.flatMap(({ canaries = [] }) => canaries),
      ...lines.filter((line) => line.length >= MIN_SECRET_LINE),
    ],
  };
}

const releasesOf = (observed: readonly Observed[]): string[] =>
  [...new Set(observed.flatMap(({ release }) => release ?? []))].sort();

/** What the reports may show: secrets are blanked in place, because a citation may stand beside one. */
async function textsOf(
  { questions }: RunSuite,
  corpus: Corpus,
  secrets: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const spans = questions.flatMap(({ gold, observation }) => [...gold, ...(observation.answer?.citations ?? [])]);
  const wanted = new Set(spans.filter(({ start }) => start !== undefined).map(({ document }) => document));
  const texts = new Map<string, string>();
  for (const document of wanted) {
    const text = await corpus.textOf(document, signal).catch(() => "");
    const blanked = (plain: string, secret: string): string =>
      plain.replaceAll(secret, () => "█".repeat(codePointLength(secret)));
    texts.set(document, secrets.reduce(blanked, text));
  }
  return texts;
}
