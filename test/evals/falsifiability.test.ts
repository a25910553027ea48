import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { languageOf } from "#shared/language.ts";
import { baselineOf } from "../../evals/gate/baseline.ts";
import { loadPolicy, type Policy } from "../../evals/gate/policy.ts";
import { seededRandom } from "../../evals/gate/random.ts";
import { type Decision, decide } from "../../evals/gate/verdict.ts";
import { answerTokens } from "../../evals/metrics/answer-tokens.ts";
import { readGolden } from "../../evals/readers/read-golden.ts";
import type { Results, RunSuite } from "../../evals/results.ts";
import { runSuite } from "../../evals/run-suite.ts";
import { loadSuite, type Suite } from "../../evals/suite.ts";
import type { SuiteData } from "../../evals/suite-data.ts";
import { type Client, createClient } from "../../services/cli/client.ts";
import { openLocal } from "../helpers/local.ts";
import {
  type Bot,
  botClient,
  type Kept,
  type Passage,
  type Reply,
  recordingClient,
  searchesIn,
} from "../helpers/replayed-client.ts";

const SLOW_MS = 240_000;
const folder = mkdtempSync(join(tmpdir(), "cairn-bots-"));
const random = seededRandom(1);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

let suite: Suite;
let data: SuiteData;
let policy: Policy;
let real: Results;
let kept: Kept;
/** Every passage that the real search found for anything, and what it found for each question. */
const passages: Passage[] = [];
const foundFor = new Map<string, Passage[]>();

async function measure(client: Client): Promise<Results> {
  const deps = {
    connect: () => client,
    serve: async () => ({ url: client.url, log: () => "", stop: async () => {} }),
    instructions: "",
    concurrency: 4,
    limit: undefined,
    code: "",
    journal: { path: join(folder, "journal.jsonl"), resume: false },
    now: () => 0,
    onStep: () => {},
  };
  const { result } = await runSuite(suite, data, deps, AbortSignal.timeout(SLOW_MS));
  const release = { name: "default", digest: "" };
  return { format: "cairn-evals/1", seed: 1, release, code: { revision: "", changed: false }, suites: [result] };
}

/** What the gate says of a bot, beside the application itself. Bounds that the application breaks are no news. */
async function verdictOn(bot: Bot): Promise<Decision> {
  const results = await measure(botClient(kept, bot));
  const decisionOn = (some: Results): Decision => decide(some, policy, (name) => baselineOf(real, name, "real"));
  const known = new Set(decisionOn(real).reasons);
  const { verdict, reasons, ...rest } = decisionOn(results);
  const news = reasons.filter((reason) => !known.has(reason));
  return { ...rest, verdict: news.length === 0 ? "GO" : verdict, reasons: news };
}

beforeAll(async () => {
  suite = await loadSuite("evals/suites/handbook.json");
  policy = await loadPolicy("releases/default/evaluation.json");
  if (suite.data.format === "golden") data = await readGolden(suite.data, ".");
  const app = await openLocal();
  const recording = recordingClient(createClient({ url: app.address, key: undefined }));
  real = await measure(recording.client);
  kept = recording.kept;
  await app.close();
  for (const { query, results } of searchesIn(kept)) {
    foundFor.set(query, [...results]);
    passages.push(...results);
  }
}, SLOW_MS);
afterAll(() => rmSync(folder, { recursive: true }));

const firstSentence = (text: string): string => /^.*?(?:[.!?](?=\s|$)|[。！？]|\n|$)/.exec(text)![0].trim() || text;

/** An answer that says one passage's first sentence and cites it properly. */
function saying({ text, ...place }: Passage): Reply {
  const quote = firstSentence(text);
  const source = { ...place, end: place.start + Array.from(quote).length, quote };
  const answer = { start: 0, end: Array.from(quote).length };
  return { text: `${quote} [1]`, outcome: "answered", citations: [{ marker: 1, answer, verified: true, source }] };
}
const refusing = (question: string): Reply => ({
  text: languageOf(question) === "zh" ? "没有找到依据。" : "I found nothing about this.",
  outcome: "no_evidence",
  citations: [],
});
const best = (question: string): Passage => foundFor.get(question)?.[0] ?? passages[0]!;

/** How many of the question's words a passage has: what a first stage would order by. */
const wordsShared = (question: string, { text }: Passage): number => {
  const words = new Set(answerTokens(text));
  return answerTokens(question).filter((word) => words.has(word)).length;
};

const BOTS: Readonly<Record<string, Bot>> = {
  "a random retriever": {
    search: (_, { results }) => ({ results: results.map(() => pick(passages)) }),
    chat: (_, reply) => (reply.outcome === "no_evidence" ? reply : saying(pick(passages))),
  },
  "a reranker that does nothing": {
    search: (question, { results }) => ({
      results: results.toSorted((a, b) => wordsShared(question, b) - wordsShared(question, a)),
    }),
  },
  "a bot that says the first sentence it finds": {
    chat: (question, reply) => (reply.outcome === "no_evidence" ? reply : saying(best(question))),
  },
  "a bot that always answers": {
    chat: (question, reply) => (reply.outcome === "no_evidence" ? saying(best(question)) : reply),
  },
  "a bot that always refuses": { chat: refusing },
  "a bot that cites wrong passages": {
    chat: (_, reply) => ({
      ...reply,
      citations: reply.citations.map((one) => ({ ...one, source: saying(pick(passages)).citations[0]!.source })),
    }),
  },
  "a bot that knows only English": {
    chat: (question, reply) =>
      languageOf(question) === "zh" ? { text: "I only speak English.", outcome: "no_evidence", citations: [] } : reply,
  },
  "a bot that cites the right documents at the wrong place": {
    chat: (_, reply) => ({
      ...reply,
      citations: reply.citations.map((one) => ({ ...one, source: elsewhere(one.source) })),
    }),
  },
  "a bot that answers short questions only": {
    chat: (question, reply) => (kindOf(question) === "short_fact" ? reply : refusing(question)),
  },
};

/** Another passage of the same document, quoted and placed properly. */
function elsewhere(source: Reply["citations"][number]["source"]): Reply["citations"][number]["source"] {
  const others = passages.filter(
    ({ document_id, start, end }) => document_id === source.document_id && (start > source.end || end < source.start),
  );
  return others.length === 0 ? source : saying(pick(others)).citations[0]!.source;
}
const kindOf = (question: string): string | undefined => data.questions.find((one) => one.question === question)?.kind;

describe("the gate sees through", { timeout: SLOW_MS }, () => {
  test("nothing that is not there: the application itself, measured again, is GO beside itself", async () => {
    expect(await verdictOn({})).toMatchObject({ verdict: "GO", reasons: [] });
  });

  test.each([
    ["a random retriever", /· ndcg@10 .*(below the floor|fell by)/],
    ["a reranker that does nothing", /· ndcg@10 .*(below the floor|fell by)/],
    ["a bot that says the first sentence it finds", /· answer_correct .*(below the floor|fell by)/],
    ["a bot that always answers", /· no_evidence · outcome_correct 0\.000 is below the floor/],
    ["a bot that always refuses", /· answered · outcome_correct 0\.000 is below the floor/],
    ["a bot that cites wrong passages", /· citation_precision .* is below the floor/],
    ["a bot that knows only English", /· zh · answer_language .* is below the floor/],
    ["a bot that cites the right documents at the wrong place", /· citation_precision .*(below the floor|fell by)/],
    ["a bot that answers short questions only", /· answered · outcome_correct .*(below the floor|fell by)/],
  ])("%s", async (name, reason) => {
    const { verdict, reasons } = await verdictOn(BOTS[name]!);
    expect(verdict).toBe("NO-GO");
    expect(
      reasons.filter((one) => reason.test(one)),
      reasons.join("\n"),
    ).not.toEqual([]);
    if (name.includes("English")) expect(reasons.filter((one) => /^handbook · en ·/.test(one))).toEqual([]);
  });

  test.each([
    ["zh", undefined],
    ["en", undefined],
    ["en", "short_fact"],
    ["zh", "short_fact"],
  ])("five points lost in %s %s alone", async (language, kind) => {
    const all = (real.suites[0] as RunSuite).questions.filter(
      (one) => one.language === language && (!kind || one.kind === kind),
    );
    const judged = all.filter(({ values }) => values.answer_correct !== undefined);
    const right = judged.filter(({ values }) => values.answer_correct === 1);
    const spoilt = new Set(right.slice(0, Math.ceil(judged.length * 0.05)).map(({ question }) => question));
    const spoil: Bot = {
      chat: (question, reply) => (spoilt.has(question) ? { ...saying(best(question)), text: "? [1]" } : reply),
    };
    const { verdict, reasons } = await verdictOn(spoil);
    expect(verdict).not.toBe("GO");
    if (kind === undefined) expect(verdict).toBe("NO-GO");
    const named =
      kind === undefined
        ? `handbook · ${language} · answer_correct`
        : `handbook · ${language} · ${kind} · answer_correct`;
    expect(
      reasons.filter((one) => one.startsWith(named)),
      reasons.join("\n"),
    ).toHaveLength(1);
    const other = language === "en" ? "zh" : "en";
    expect(reasons.filter((one) => one.startsWith(`handbook · ${other} ·`))).toEqual([]);
  });
});

describe("five points in one kind of question of one language are not overlooked", { timeout: SLOW_MS }, () => {
  const wrong = "Nothing is known about the thing that was asked. [1]";
  test.each<[metric: string, language: string, kind: string, bot: (hit: ReadonlySet<string>) => Bot]>([
    [
      "citation_precision",
      "zh",
      "procedure",
      (hit) => ({
        chat: (question, reply) => ({
          ...reply,
          citations: reply.citations.map((one) =>
            hit.has(question) ? { ...one, source: elsewhere(one.source) } : one,
          ),
        }),
      }),
    ],
    [
      "citation_recall",
      "en",
      "procedure",
      (hit) => ({ chat: (question, reply) => (hit.has(question) ? { ...reply, citations: [] } : reply) }),
    ],
    [
      "answer_correct",
      "zh",
      "typo",
      (hit) => ({ chat: (question, reply) => (hit.has(question) ? { ...reply, text: wrong } : reply) }),
    ],
    [
      "outcome_correct",
      "en",
      "follow_up",
      (hit) => ({ chat: (question, reply) => (hit.has(question) ? refusing(question) : reply) }),
    ],
    [
      "ndcg@10",
      "zh",
      "short_fact",
      (hit) => ({
        search: (question, body) => (hit.has(question) ? { results: body.results.map(() => pick(passages)) } : body),
      }),
    ],
  ])("%s of %s %s", async (metric, language, kind, bot) => {
    const own = (real.suites[0] as RunSuite).questions.filter(
      (one) => one.language === language && one.kind === kind && one.values[metric as "map"] !== undefined,
    );
    const hit = new Set<string>();
    let lost = 0;
    for (const { question, values } of own) {
      if (lost > 0.06 * own.length) break;
      const value = values[metric as "map"]!;
      if (value > 0.5) hit.add(question);
      if (value > 0.5) lost += value;
    }
    const { verdict, reasons } = await verdictOn(bot(hit));
    expect(verdict).not.toBe("GO");
    expect(reasons.join("\n")).toMatch(
      new RegExp(`handbook · ${language} · (answered · )?${kind} · ${metric} .*fell by`),
    );
  });
});
