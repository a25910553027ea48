import type { Database, Sql } from "#shared/database.ts";
import { canonicalJson, newSalt, sha256 } from "#shared/digest.ts";
import { anyErased } from "#shared/erased.ts";
import { appendLeaf } from "#shared/lineage/append-leaf.ts";
import type { Envelope } from "#shared/lineage/dsse.ts";
import type { KeyRing } from "#shared/lineage/key-ring.ts";
import { projectTag } from "#shared/lineage/tag.ts";
import type { Tag } from "#shared/lineage/tag-schema.ts";
import { logHead } from "#shared/lineage/tenant-log.ts";
import type { Release } from "#shared/release.ts";
import type { Metrics } from "#shared/telemetry.ts";
import { wellFormed } from "#shared/well-formed.ts";
import type { AnswerDeps } from "../answer/answer.ts";
import { appendTurn } from "../conversations/conversations.ts";
import { inputsOf } from "../replay/inputs.ts";
import type { Candidate } from "../retrieval/retrieve.ts";
import { withNames } from "./name-sources.ts";
import { chunkCommitment, type Finished, type Making, promptText, statementOf } from "./statement.ts";

export type SaveDeps = {
  readonly db: Database;
  readonly making: Making;
  readonly ring: KeyRing;
  readonly metrics: Metrics;
  readonly now: () => number;
};

/** Keeps the answer with everything that makes it provable, in one transaction: all of it is there, or the answer failed. */
export function createSaveAnswer({ db, making, ring, metrics, now }: SaveDeps): AnswerDeps["save"] {
  return async (given, outcome, citations) => {
    const salts = { answer: newSalt(), question: newSalt(), prompt: newSalt() };
    // Half a surrogate pair has no canonical form: without this, a caller who sends one would leave no record.
    const draft = wellFormed(given);
    const finished = { draft, outcome, citations: wellFormed(citations), salts, finishedAt: now() };
    const head = await logHead(db, draft.asked.principal.tenant);
    const statement = statementOf(finished, making, head);
    // Canonical, so that the bytes that are kept are the bytes that the digest is of.
    const record = canonicalJson(statement);
    const digest = sha256(record);
    const { signatures } = ring.seal(record, finished.finishedAt);
    const tag = projectTag(statement, digest, signatures[0]?.keyid ?? null);
    await db.transaction(async (sql) => {
      const evidence = draft.evidence.map(({ chunk }) => chunk.documentId);
      const erased = await anyErased(sql, draft.asked.principal.tenant, evidence);
      // Written and emptied again, the text would be in the engine's files until they are next scrubbed.
      await appendTurn(sql, erased ? { ...draft, sent: "" } : draft, finished.finishedAt);
      await insertAnswer(sql, finished, tag, erased);
      await insertDependencies(sql, finished, making.release);
      await insertRecord(sql, finished, { digest, record, signatures });
    });
    metrics.records.inc();
    metrics.removedMarkers.inc(draft.removedMarkers);
    return withNames(tag, draft.evidence);
  };
}

async function insertRecord(
  sql: Sql,
  { draft, finishedAt: at }: Finished,
  { digest, record, signatures }: { digest: string; record: string; signatures: Envelope["signatures"] },
): Promise<void> {
  const { id, principal } = draft.asked;
  const { tenant } = principal;
  await sql.run(
    "insert into lineage_record (digest, answer_id, tenant, record, signatures, at) values ($1, $2, $3, $4, $5, $6)",
    [digest, id, tenant, record, JSON.stringify(signatures), at],
  );
  await appendLeaf(sql, { id, tenant, kind: "answer", digest, at });
}

async function insertAnswer(
  sql: Sql,
  { draft, outcome, citations, salts, finishedAt }: Finished,
  tag: Tag,
  erased: boolean,
): Promise<void> {
  const { id, principal, conversationId, question } = draft.asked;
  const { question: opening } = salts;
  const kept = erased
    ? { content: "", citations: [], salts: { question: opening }, prompt: null, inputs: null }
    : {
        ...{ content: draft.sent, citations, salts, prompt: draft.prompt ? promptText(draft.prompt) : null },
        inputs: JSON.stringify(inputsOf(draft.asked)),
      };
  await sql.run(
    `insert into answer (id, tenant, subject, conversation_id, question, standalone, content, outcome, citations, tag, salts, prompt, created_at, inputs, erased_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      ...[id, principal.tenant, principal.subject, conversationId, question, draft.standalone, kept.content, outcome],
      ...[JSON.stringify(kept.citations), JSON.stringify(tag), JSON.stringify(kept.salts), kept.prompt, finishedAt],
      ...[kept.inputs, erased ? finishedAt : null],
    ],
  );
}

/** What a later withdrawal asks for: which answers rest on this document, model, prompt or release. */
async function insertDependencies(
  sql: Sql,
  { draft, citations, finishedAt }: Finished,
  release: Release,
): Promise<void> {
  const { id, principal } = draft.asked;
  const cited = new Set(citations.map(({ marker }) => marker));
  const evidence = new Set(draft.evidence.map(({ chunk }) => chunk.id));
  const dependencies: [kind: string, target: string, digest: string | null, use: string][] = [
    ["release", release.digest, release.digest, "configured"],
    ["prompt", release.promptDigest, release.promptDigest, "configured"],
  ];
  if (draft.model) dependencies.push(["model", draft.model.model, draft.model.digest ?? null, "generated"]);
  const embedder = draft.retrieved?.dense?.outcome === "used" ? draft.retrieved.dense.by : undefined;
  if (embedder) dependencies.push(["model", embedder.model, embedder.digest ?? null, "retrieved"]);
  const rests = (candidate: Candidate, use: "cited" | "in_context" | "retrieved"): void => {
    const { chunk, document } = candidate;
    dependencies.push(["chunk", chunk.id, chunkCommitment(candidate), use]);
    dependencies.push(["document_version", chunk.versionId, document.textCommitment, use]);
    dependencies.push(["document", chunk.documentId, null, use]);
  };
  for (const [i, candidate] of draft.evidence.entries()) rests(candidate, cited.has(i + 1) ? "cited" : "in_context");
  for (const candidate of draft.retrieved?.candidates ?? []) {
    if (!evidence.has(candidate.chunk.id)) rests(candidate, "retrieved");
  }
  for (const [kind, target, digest, use] of dependencies) {
    await sql.run(
      `insert into answer_dep (answer_id, tenant, dep_kind, dep_id, dep_digest, use, at) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (answer_id, dep_kind, dep_id, use) do nothing`,
      [id, principal.tenant, kind, target, digest, use, finishedAt],
    );
  }
}
