import { type AnswerStatement, type EvidenceDependency, embedderOf, isAttested, isPart } from "./answer-statement.ts";
import type { Tag, TagSource, TagVerification } from "./tag-schema.ts";

const MAX_TAG_BYTES = 4096;

export type Level = Tag["verification"]["level"];

/** The highest level that these facts bear out. */
export function levelOf({ signed, attested, logged }: Pick<TagVerification, "signed" | "attested" | "logged">): Level {
  if (!signed) return "L1";
  return attested && logged ? "L3" : "L2";
}

/**
 * The public projection of a record, on every answer. It says nothing that the record does not say, so whoever has both
 * can check it. No scores, which would tell what else the corpus holds, and at most 4 KB: claims, then uncited sources
 * are counted instead of listed where it would be more.
 */
export function projectTag(statement: AnswerStatement, recordDigest: string, keyid: string | null): Tag {
  const { outcome, buildDefinition, runDetails, model, claims } = statement.predicate;
  const { externalParameters, internalParameters, resolvedDependencies } = buildDefinition;
  const { invocationId, startedOn, finishedOn } = runDetails.metadata;
  const release = resolvedDependencies.filter(isPart).find(({ name }) => name === "release");
  const cited = new Set(claims.map(({ marker }) => marker));
  const sources = resolvedDependencies.flatMap((one) => (isPart(one) ? [] : [sourceOf(one, cited)]));
  const { generation, log } = internalParameters;
  const embedder = embedderOf(statement.predicate);
  const proven = { signed: keyid !== null, attested: isAttested(statement), logged: false };
  const verification = { algorithm: keyid === null ? null : ("Ed25519" as const), keyid, ...proven };
  const build = (shown: TagSource[], claimed: typeof claims): Tag => ({
    id: invocationId,
    outcome,
    conversation_id: externalParameters.conversation_id,
    started_at: startedOn,
    finished_at: finishedOn,
    digital_source_type: "trainedAlgorithmicMedia",
    release: { name: release?.annotations.title ?? null, digest: `sha256:${release?.digest.sha256}` },
    models: [...(model ? [modelOf("chat", model)] : []), ...(embedder ? [modelOf("embed", embedder)] : [])],
    index: { generation, log: log && { size: log.size, root: log.root } },
    sources: shown,
    ...(shown.length < sources.length && { sources_omitted: sources.length - shown.length }),
    claims: claimed.map(({ answer, marker }) => ({ start: answer.start, end: answer.end, source: marker })),
    ...(claimed.length < claims.length && { claims_omitted: claims.length - claimed.length }),
    record: { digest: `sha256:${recordDigest}`, url: `/v1/answers/${invocationId}/record` },
    verification: { level: levelOf(verification), ...verification },
  });
  const [shown, claimed] = [[...sources], [...claims]];
  while (shown.length > 0 && Buffer.byteLength(JSON.stringify(build(shown, claimed))) > MAX_TAG_BYTES) {
    if (claimed.pop()) continue;
    const uncited = shown.findLastIndex(({ use }) => use !== "cited");
    shown.splice(uncited >= 0 ? uncited : shown.length - 1, 1);
  }
  return build(shown, claimed);
}

function sourceOf({ name, digest, annotations }: EvidenceDependency, cited: ReadonlySet<number>): TagSource {
  const rank = Number(name.slice("evidence:".length));
  const { document_id, version_id } = annotations;
  const use = cited.has(rank) ? "cited" : "in_context";
  return { rank, document_id, version_id, use, digest: `sha256:${digest.sha256}` };
}

type Model = Pick<NonNullable<AnswerStatement["predicate"]["model"]>, "upstream" | "model" | "assurance" | "digest">;

function modelOf(role: "chat" | "embed", { upstream, model, assurance, digest }: Model) {
  return { role, model, upstream, assurance, ...(digest && { digest: `sha256:${digest.sha256}` }) };
}
