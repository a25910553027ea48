import { setTimeout as sleep } from "node:timers/promises";
import { sliceCodePoints } from "#shared/codepoints.ts";
import { sha256 } from "#shared/digest.ts";
import { languageOf } from "#shared/language.ts";
import type { AnswerStatement } from "#shared/lineage/answer-statement.ts";
import type { Bundle } from "#shared/lineage/bundle.ts";
import { ApiError, type Client, NoAnswerError } from "../services/cli/client.ts";
import type { Answer, Cited, Found, Observation, Timing } from "./observation.ts";
import type { Suite } from "./suite.ts";
import type { Question } from "./suite-data.ts";
import type { Corpus } from "./take-in.ts";

const TRIES = 4;
const FIRST_PAUSE_MS = 500;
const BUSY = new Set([429, 502, 503, 504]);

type Passage = { readonly document_id: string; readonly start: number; readonly end: number; readonly text: string };
type Span = { readonly start: number; readonly end: number };
type Citation = {
  readonly marker: number;
  readonly answer: Span;
  readonly verified: boolean;
  readonly source: Span & { readonly document_id: string; readonly quote: string };
};
type Delta = {
  readonly id: string;
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
  readonly usage?: Timing["usage"] | null;
  readonly outcome?: string;
  readonly citations?: readonly Citation[];
  readonly lineage?: {
    readonly id: string;
    readonly release?: { readonly name: string; readonly digest: string };
    readonly sources?: readonly { readonly document_id?: string }[];
    readonly models?: readonly { readonly model: string }[];
  };
};

export type Observed = {
  readonly observation: Observation;
  readonly timing: Timing;
  /** The release that the answer names. */
  readonly release?: string;
};

export type ObserveDeps = { readonly client: Client; readonly corpus: Corpus; readonly now: () => number };

/** Asks one question as a client would: the search, the chat or both. A failure is an observation, too. */
export async function observe(
  question: Question,
  request: Suite["request"],
  deps: ObserveDeps,
  signal: AbortSignal,
): Promise<Observed> {
  let retries = 0;
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || attempt === TRIES || !isBusy(error)) throw error;
        retries += 1;
        await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  };
  const { search, chat } = request;
  try {
    const found = search && (await patiently(() => askSearch(question, search.top_k, deps, signal)));
    const answered = chat && (await patiently(() => askChat(question, chat.record, deps, signal)));
    const { release, ...times } = answered?.timing ?? {};
    return {
      observation: { ...(found && { results: found.results }), ...(answered && { answer: answered.answer }) },
      timing: { id: question.id, ...(found && { searchMs: found.ms }), ...times, retries },
      ...(release !== undefined && { release }),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message } = error;
    return { observation: { error: { code, message } }, timing: { id: question.id, retries } };
  }
}

/** Worth asking again. Nobody at the address is not: then all questions would wait. */
const isBusy = (error: unknown): boolean => error instanceof ApiError && BUSY.has(error.status);

async function askSearch(question: Question, top_k: number, { client, corpus, now }: ObserveDeps, signal: AbortSignal) {
  const started = now();
  const json = { query: question.question, top_k, collections: [corpus.collection] };
  const { results } = await client.call<{ results: readonly Passage[] }>("/v1/search", signal, {
    method: "POST",
    json,
  });
  const ms = now() - started;
  return {
    ms,
    results: results.map(
      ({ document_id, start, end, text }): Found => ({
        document: nameOf(corpus, document_id),
        start,
        end,
        language: languageOf(text),
        digest: sha256(text).slice(0, 8),
      }),
    ),
  };
}

async function askChat(question: Question, record: boolean, deps: ObserveDeps, signal: AbortSignal) {
  const { client, corpus, now } = deps;
  const messages = [...question.history, { role: "user", content: question.question }];
  const json = {
    model: "cairn",
    messages,
    stream: true,
    stream_options: { include_usage: true },
    cairn: { collections: [corpus.collection] },
  };
  const started = now();
  let firstDeltaMs: number | undefined;
  let text = "";
  let last: Delta | undefined;
  for await (const delta of client.stream<Delta>("/v1/chat/completions", json, signal)) {
    const piece = delta.choices[0]?.delta.content ?? "";
    if (piece !== "") firstDeltaMs ??= now() - started;
    text += piece;
    if (delta.outcome !== undefined) last = delta;
  }
  if (!last?.lineage) throw new NoAnswerError("The answer has no outcome and no lineage: this is not Cairn's API.");
  const chatMs = now() - started;
  const { outcome, citations = [], lineage, usage } = last;
  const answer: Answer = {
    text,
    outcome: outcome!,
    citations: await Promise.all(citations.map((one) => citedOf(one, corpus, signal))),
    sources: (lineage.sources ?? []).flatMap(({ document_id }) => (document_id ? [nameOf(corpus, document_id)] : [])),
    models: (lineage.models ?? []).map(({ model }) => model),
    ...(record && { support: await supportOf(lineage.id, client, signal) }),
  };
  const timing = {
    answerId: lineage.id,
    ...(firstDeltaMs !== undefined && { firstDeltaMs }),
    chatMs,
    ...(usage && { usage }),
    ...(lineage.release && { release: lineage.release.digest }),
  };
  return { answer, timing };
}

async function citedOf(
  { marker, answer, verified, source }: Citation,
  corpus: Corpus,
  signal: AbortSignal,
): Promise<Cited> {
  const { start, end, quote } = source;
  const document = nameOf(corpus, source.document_id);
  // A citation of what the caller may not open is a finding, and no reason to stop.
  const text = await corpus.textOf(document, signal).catch(() => "");
  const verbatim = sliceCodePoints(text, start, end) === quote;
  return { marker, answer: { start: answer.start, end: answer.end }, verified, document, start, end, quote, verbatim };
}

/** A document that the suite has not uploaded keeps its id: it does not belong here. */
const nameOf = (corpus: Corpus, id: string): string => corpus.uriOf(id) ?? `unknown:${id}`;

/** The score of the evidence check, which only the record says. */
async function supportOf(id: string, client: Client, signal: AbortSignal): Promise<number> {
  const { envelope } = await client.call<Bundle>(`/v1/answers/${id}/record`, signal);
  const statement = JSON.parse(Buffer.from(envelope.payload, "base64").toString("utf8")) as AnswerStatement;
  return statement.predicate.buildDefinition.internalParameters.support;
}
