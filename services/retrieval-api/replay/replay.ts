import { audit } from "#shared/audit.ts";
import type { Database } from "#shared/database.ts";
import type { SearchIndex } from "#shared/index.ts";
import { type Principal, type SearchScope, scopeOf } from "#shared/principal.ts";
import type { Release } from "#shared/release.ts";
import type { Metrics } from "#shared/telemetry.ts";
import type { Generate } from "../answer/generate.ts";
import { pastAnswer } from "../answer/past-answer.ts";
import { type Prepared, prepare } from "../answer/prepare.ts";
import { noEvidenceText } from "../answer/refusal.ts";
import { type CheckParts, withdrawnModel } from "../recall/withdrawn-parts.ts";
import type { OpenDenseLeg } from "../retrieval/dense-leg.ts";
import { createRetrieve } from "../retrieval/retrieve.ts";
import { currentGate, readableGate } from "../retrieval/second-gate.ts";
import { type AnswerDiff, diffAnswers } from "./answer-diff.ts";
import { fatesOf } from "./fates.ts";
import { type GeneratedAgain, generateAgain } from "./generate-again.ts";
import { type KeptAnswer, loadKept, loadKeptRelease } from "./kept-answer.ts";
import { diffPrompts, type PromptDiff } from "./prompt-diff.ts";
import { diffRetrieval, type RetrievalDiff } from "./retrieval-diff.ts";

/** Each mode includes those before it; `what-if` does all of it with another release and today's index. */
export const MODES = ["retrieval", "prompt", "generation", "what-if"] as const;
export type Mode = (typeof MODES)[number];

/** What cannot be done again, and why. */
export type Gone = { readonly verdict: "gone"; readonly detail: string };

export type Replay = {
  readonly answer_id: string;
  readonly mode: Mode;
  /** Of the weakest part: `exact` says that everything that was asked for came out the same. */
  readonly verdict: string;
  readonly release: { readonly name: string; readonly digest: string; readonly same: boolean };
  readonly generation: string | null;
  /** Whether the scope that was searched is the one that the record commits to. */
  readonly scope_proven: boolean;
  /** Documents that became current or were deleted since, in the tenant. */
  readonly corpus_changes: number;
  /** Texts are left out of this when the caller may not read what they come from. */
  readonly withheld: boolean;
  readonly retrieval: RetrievalDiff | Gone;
  readonly prompt?: PromptDiff | Gone;
  readonly answer?: (AnswerDiff & AnswerNow) | Gone;
};
type AnswerNow = {
  readonly model_then: string | null;
  readonly model_now: string | null;
  readonly outcome_then: string;
  readonly outcome_now: string;
  /** The new text; absent where it is withheld. */
  readonly text_now?: string;
};

export type ReplayDeps = {
  readonly db: Database;
  readonly index: Pick<SearchIndex, "search" | "searchIn">;
  readonly openDense: OpenDenseLeg;
  /** The one in use now. */
  readonly release: Release;
  readonly generate: Generate;
  readonly checkParts: CheckParts;
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly newId: () => string;
};

/**
 * Makes an answer again, as far as asked, in the scope of whoever asked then, and says what differs. Nothing is shown to
 * `caller` that `caller` may not read. Rejects with `not_found` for another tenant's answer and for an unknown release.
 */
export async function replay(
  deps: ReplayDeps,
  caller: Principal,
  id: string,
  { mode, release: named }: { readonly mode: Mode; readonly release?: string | undefined },
  signal: AbortSignal,
): Promise<Replay> {
  const { db } = deps;
  const kept = await loadKept(db, caller, id);
  const whatIf = mode === "what-if";
  const given = whatIf && named !== undefined ? await loadKeptRelease(db, named) : deps.release;
  const release = whatIf ? given : await loadKeptRelease(db, kept.releaseDigest);
  const again = await searchAgain(deps, kept, release, whatIf, signal);
  const withheld = await isWithheld(deps, caller, kept, again);
  const head = {
    ...{ answer_id: id, mode, generation: "verdict" in again ? kept.generation : again.retrieved.generation },
    release: { name: release.name, digest: `sha256:${release.digest}`, same: release.digest === kept.releaseDigest },
    ...{ scope_proven: kept.scopeProven, corpus_changes: await corpusChanges(deps, kept), withheld },
  };
  const retrieval = "verdict" in again ? again : await compareRetrieval(deps, caller, kept, again);
  const prompt = mode === "retrieval" ? undefined : comparePrompts(kept, again, withheld);
  const generated = mode === "generation" || whatIf;
  const answer = generated ? await compareAnswers(deps, kept, again, release, { whatIf, withheld }, signal) : undefined;
  const parts = [retrieval, prompt, answer].filter((part) => part !== undefined);
  const verdict = parts.find((part) => part.verdict !== "exact")?.verdict ?? "exact";
  await keep(deps, caller, kept, { mode, release: release.digest, verdict });
  return { ...head, verdict, retrieval, ...(prompt && { prompt }), ...(answer && { answer }) };
}

const gone = (detail: string): Gone => ({ verdict: "gone", detail });

/** In the generation that the answer was made from, or, for `what-if`, in the live one. */
async function searchAgain(
  { db, index, openDense, metrics }: ReplayDeps,
  kept: KeptAnswer,
  release: Release,
  live: boolean,
  signal: AbortSignal,
): Promise<Prepared | Gone> {
  const { inputs, generation, standalone, evidenceLimit } = kept;
  if (!inputs) return gone("What this answer was made from was not kept, or has been erased since.");
  if (generation === null) return gone("This answer ended before anything was searched.");
  if (!live && !(await index.searchIn(generation, "", askerOf(kept), 1, signal))) {
    return gone(`The index generation ${generation} has been dropped, so its search cannot be done again.`);
  }
  const search: SearchIndex["search"] = async (question, scope, limit, stop) => {
    const legs = await index.searchIn(generation, question, scope, limit, stop);
    return legs ?? { generation, legs: {} };
  };
  const retrieve = createRetrieve(live ? index : { search }, currentGate(db), release, metrics, openDense);
  const asked = { standalone, history: inputs.history, evidenceLimit };
  return prepare(asked, askerOf(kept), release, retrieve, signal);
}

/** Who asked then, with the groups of then. */
function askerOf({ tenant, subject, inputs }: KeptAnswer): SearchScope {
  const groups = (inputs?.acl ?? []).flatMap((entry) => (entry.startsWith("group:") ? [entry.slice(6)] : []));
  return scopeOf({ tenant, subject, groups, scopes: [] }, inputs?.collections ?? undefined);
}

async function isWithheld(
  { db }: ReplayDeps,
  caller: Principal,
  kept: KeptAnswer,
  again: Prepared | Gone,
): Promise<boolean> {
  if ((await pastAnswer(db, caller, kept.id)).withheld) return true;
  const versions = "verdict" in again ? [] : again.evidence.map(({ chunk }) => chunk.versionId);
  const readable = await readableGate(db)(scopeOf(caller), [...new Set(versions)]);
  return versions.some((id) => !readable.has(id));
}

async function compareRetrieval(
  { db }: ReplayDeps,
  caller: Principal,
  kept: KeptAnswer,
  { retrieved }: Prepared,
): Promise<RetrievalDiff> {
  const before = new Set(kept.candidates.map(({ chunk_id }) => chunk_id));
  const after = new Set(retrieved.candidates.map(({ chunk }) => chunk.id));
  const differing = [
    ...kept.candidates.filter(({ chunk_id }) => !after.has(chunk_id)).map(({ version_id }) => version_id),
    ...retrieved.candidates.filter(({ chunk }) => !before.has(chunk.id)).map(({ chunk }) => chunk.versionId),
  ];
  const versions = [...new Set(differing)];
  const fates = await fatesOf(db, askerOf(kept), scopeOf(caller), versions, kept.createdAt);
  return diffRetrieval(kept.candidates, retrieved.candidates, fates);
}

function comparePrompts(kept: KeptAnswer, again: Prepared | Gone, withheld: boolean): PromptDiff | Gone {
  if ("verdict" in again) return gone("Without the search there is no evidence to make a prompt from.");
  const { lines, verdict } = diffPrompts(kept.prompt ?? [], again.prompt ?? []);
  return { verdict, lines: withheld ? [] : lines };
}

async function compareAnswers(
  deps: ReplayDeps,
  kept: KeptAnswer,
  again: Prepared | Gone,
  release: Release,
  { whatIf, withheld }: { readonly whatIf: boolean; readonly withheld: boolean },
  signal: AbortSignal,
): Promise<(AnswerDiff & AnswerNow) | Gone> {
  const made = await makeAnswer(deps, kept, again, release, whatIf, signal);
  if ("verdict" in made) return made;
  const { first_difference, ...diff } = diffAnswers(kept.content, made.text);
  const shown = withheld && first_difference ? { ...first_difference, was: "", is: "" } : first_difference;
  return {
    ...diff,
    first_difference: shown,
    model_then: kept.model?.model ?? null,
    model_now: made.model ?? null,
    outcome_then: kept.outcome,
    outcome_now: made.outcome,
    ...(!withheld && { text_now: made.text }),
  };
}

async function makeAnswer(
  { generate, checkParts }: ReplayDeps,
  kept: KeptAnswer,
  again: Prepared | Gone,
  release: Release,
  whatIf: boolean,
  signal: AbortSignal,
): Promise<GeneratedAgain | Gone> {
  if (whatIf && "verdict" in again) return gone("Without the search there is nothing to answer from.");
  const prepared = "verdict" in again ? undefined : again;
  const prompt = whatIf ? prepared?.prompt : kept.prompt;
  if (!prompt) {
    if (!whatIf && kept.outcome !== "no_evidence") return gone("The prompt was not kept, or has been erased since.");
    return { text: noEvidenceText(kept.question), outcome: "no_evidence", model: undefined };
  }
  // From the prompt as it was, so that what differs is the model's doing alone.
  const evidence = whatIf ? prepared!.evidence : kept.evidence.length;
  const withoutModels = await checkParts(kept.tenant);
  const made = await generateAgain(generate, { kept, prompt, evidence, release, withoutModels }, signal);
  if (made.model !== undefined && withoutModels.has(made.model)) throw withdrawnModel();
  return made;
}

async function corpusChanges({ db }: ReplayDeps, { tenant, createdAt }: KeptAnswer): Promise<number> {
  const row = await db.get<{ count: number }>(
    "select count(*) as count from ingestion_event where tenant = $1 and at > $2",
    [tenant, createdAt],
  );
  return Number(row?.count ?? 0);
}

async function keep(
  { db, now, newId }: ReplayDeps,
  caller: Principal,
  { id, tenant }: KeptAnswer,
  { mode, release, verdict }: { readonly mode: Mode; readonly release: string; readonly verdict: string },
): Promise<void> {
  await db.transaction(async (sql) => {
    await sql.run(
      `insert into answer_replay (answer_id, mode, tenant, release, verdict, replayed_by, at) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (answer_id, mode, release) do update set verdict = $5, replayed_by = $6, at = $7`,
      [id, mode, tenant, release, verdict, caller.subject, now()],
    );
    await audit({ now, newId }, sql, caller, "answer.replay", id);
  });
}
