import type { Release } from "#shared/release.ts";
import { chunkCommitment, type Finished, nameOf } from "./statement.ts";

const MAX_TAG_BYTES = 4096;

/**
 * The public projection of a record, on every answer: no scores, which would tell what else the corpus holds, and at
 * most 4 KB. When there are too many sources for that, the uncited ones are counted instead of listed.
 */
export function tagOf(finished: Finished, release: Release, recordDigest: string): object {
  const { draft, outcome, citations, finishedAt } = finished;
  const { asked, retrieved, model } = draft;
  const cited = new Set(citations.map(({ marker }) => marker));
  const sources = draft.evidence.map((candidate, i) => ({
    rank: i + 1,
    document_id: candidate.chunk.documentId,
    version_id: candidate.chunk.versionId,
    ...nameOf(candidate),
    use: cited.has(i + 1) ? "cited" : "in_context",
    digest: `sha256:${chunkCommitment(candidate)}`,
  }));
  const build = (kept: typeof sources): object => ({
    id: asked.id,
    outcome,
    conversation_id: asked.conversationId,
    started_at: new Date(draft.startedAt).toISOString(),
    finished_at: new Date(finishedAt).toISOString(),
    digital_source_type: "trainedAlgorithmicMedia",
    release: { name: release.name, digest: `sha256:${release.digest}` },
    models: model ? [{ role: "chat", model: model.model, upstream: model.upstream, assurance: "observed" }] : [],
    index: { generation: retrieved?.generation ?? null },
    sources: kept,
    ...(kept.length < sources.length && { sources_omitted: sources.length - kept.length }),
    record: { digest: `sha256:${recordDigest}`, url: `/v1/answers/${asked.id}/record` },
    verification: { level: "L1", signed: false },
  });
  const kept = [...sources];
  while (kept.length > 0 && Buffer.byteLength(JSON.stringify(build(kept))) > MAX_TAG_BYTES) {
    const uncited = kept.findLastIndex(({ use }) => use !== "cited");
    kept.splice(uncited >= 0 ? uncited : kept.length - 1, 1);
  }
  return build(kept);
}
