import { commitment, digestOfJson } from "#shared/digest.ts";
import { type AnswerStatement, type Part, PREDICATE_TYPE, STATEMENT_V1 } from "#shared/lineage/answer-statement.ts";
import type { LogHead } from "#shared/lineage/tenant-log.ts";
import { aclEntriesOf } from "#shared/principal.ts";
import type { Release } from "#shared/release.ts";
import { VERSION } from "#shared/version.ts";
import type { Citation } from "../answer/citations.ts";
import type { Draft, Outcome } from "../answer/draft.ts";
import type { Message } from "../answer/prompt.ts";
import type { DenseReport } from "../retrieval/dense-leg.ts";
import type { Candidate } from "../retrieval/retrieve.ts";

export type Salts = { readonly answer: string; readonly question: string; readonly prompt: string };

/** What all answers of this process are made with. */
export type Making = {
  readonly release: Release;
  /** Code and runtime, as they were measured at the start. */
  readonly parts: readonly Part[];
};

export type Finished = {
  readonly draft: Draft;
  readonly outcome: Outcome;
  readonly citations: readonly Citation[];
  readonly salts: Salts;
  readonly finishedAt: number;
};

const sha = (hex: string): { sha256: string } => ({ sha256: hex });
/** Says what the document of a passage was called, without giving it away: beside the title, its address. */
const nameCommitment = ({ document }: Candidate): string =>
  commitment(document.salt, JSON.stringify([document.title, document.uri]));

/** The rendered prompt as its commitment is of it, and as it is kept beside its salt. */
export const promptText = (prompt: readonly Message[]): string => JSON.stringify(prompt);

/** Says which text of a document a passage was, without giving it away. */
export const chunkCommitment = ({ chunk, document }: Candidate): string => commitment(document.salt, chunk.text);

/**
 * The record: an in-toto Statement whose subject is what was sent, with SLSA's shape for how it was made. Content
 * enters as salted commitments, so that the record survives the erasure of what it speaks of.
 */
export function statementOf(
  { draft, outcome, citations, salts, finishedAt }: Finished,
  { release, parts }: Making,
  log: LogHead | undefined,
): AnswerStatement {
  const { asked, retrieved, model, prompt } = draft;
  const acl = aclEntriesOf(asked.principal).sort();
  return {
    _type: STATEMENT_V1,
    subject: [{ name: `answer:${asked.id}`, digest: sha(commitment(salts.answer, draft.sent)) }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      outcome,
      buildDefinition: {
        buildType: `${PREDICATE_TYPE}/rag`,
        externalParameters: {
          question: sha(commitment(salts.question, asked.question)),
          tenant: asked.principal.tenant,
          subject: asked.principal.subject,
          conversation_id: asked.conversationId,
          turns_before: asked.history.length,
          ...asked.sampling,
        },
        internalParameters: {
          "gen_ai.retrieval.top_k": asked.evidenceLimit,
          standalone: sha(commitment(salts.question, draft.standalone)),
          scope: sha(digestOfJson({ tenant: asked.principal.tenant, acl, collections: asked.collections ?? null })),
          acl: sha(digestOfJson(acl)),
          generation: retrieved?.generation ?? null,
          ...(retrieved?.dense && { dense: denseOf(retrieved.dense) }),
          log: log ?? null,
          proposed: retrieved?.proposed ?? 0,
          rejected_by_second_gate: retrieved?.rejected ?? 0,
          support: draft.support,
          support_threshold: release.thresholds.support,
          candidates: (retrieved?.candidates ?? []).map(({ chunk, score, ranks }) => ({
            chunk_id: chunk.id,
            version_id: chunk.versionId,
            document_id: chunk.documentId,
            score,
            ranks,
          })),
        },
        resolvedDependencies: [
          // Both digests are of the bytes that were read into this process, so there is nothing else that could run.
          { name: "release", digest: sha(release.digest), annotations: { assurance: "attested", title: release.name } },
          { name: "prompt:answer", digest: sha(release.promptDigest), annotations: { assurance: "attested" } },
          ...parts,
          ...draft.evidence.map((candidate, i) => ({
            name: `evidence:${i + 1}`,
            uri: `urn:cairn:document:${candidate.chunk.documentId}`,
            digest: sha(chunkCommitment(candidate)),
            annotations: {
              name_sha256: nameCommitment(candidate),
              chunk_id: candidate.chunk.id,
              document_id: candidate.chunk.documentId,
              version_id: candidate.chunk.versionId,
              version_text_sha256: candidate.document.textCommitment,
              start: candidate.chunk.start,
              end: candidate.chunk.end,
            },
          })),
        ],
      },
      runDetails: {
        builder: { id: "urn:cairn:retrieval-api", version: { cairn: VERSION } },
        metadata: {
          invocationId: asked.id,
          startedOn: new Date(draft.startedAt).toISOString(),
          finishedOn: new Date(finishedAt).toISOString(),
        },
        byproducts: prompt ? [{ name: "prompt", digest: sha(commitment(salts.prompt, promptText(prompt))) }] : [],
      },
      model: model
        ? {
            upstream: model.upstream,
            model: model.model,
            attempts: model.attempts,
            cached: model.cached,
            digest: model.digest === undefined ? null : sha(model.digest),
            assurance: model.assurance,
            "gen_ai.usage": draft.usage ?? null,
            finish_reason: draft.finishReason ?? null,
          }
        : null,
      removed_markers: draft.removedMarkers,
      claims: citations.map(({ marker, answer, verified, source }) => ({
        answer,
        marker,
        verified,
        version_id: source.version_id,
        start: source.start,
        end: source.end,
      })),
    },
  };
}

const denseOf = ({ outcome, by }: DenseReport) => ({
  outcome,
  model: by ? { ...by, digest: by.digest === undefined ? null : sha(by.digest) } : null,
});
