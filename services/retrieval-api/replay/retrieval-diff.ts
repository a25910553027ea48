import type { Candidate } from "../retrieval/retrieve.ts";
import type { RecordedCandidate } from "./kept-answer.ts";

/** Why a version that was found then is not found now, or the other way round. */
export type Cause =
  | "new_version"
  | "new_document"
  | "superseded"
  | "deleted"
  | "erased"
  | "withdrawn"
  | "closed"
  | "displaced";

/** What became of a version since the answer, as the database has it. */
export type Fate = { readonly cause: Cause; readonly title: string | null; readonly uri: string | null };

export type ChangedChunk = {
  readonly chunk_id: string;
  readonly document_id: string;
  readonly version_id: string;
  readonly rank: number;
  readonly cause: Cause;
};
export type RetrievalDiff = {
  /** `exact`: the same passages in the same order, leg by leg. */
  readonly verdict: "exact" | "reordered" | "different";
  readonly passages_then: number;
  readonly passages_now: number;
  readonly gained: readonly ChangedChunk[];
  readonly lost: readonly ChangedChunk[];
  readonly moved: readonly { readonly chunk_id: string; readonly from: number; readonly to: number }[];
  /** Documents that are not what they were. Passages of others can only have been displaced by them. */
  readonly changed_documents: readonly (Omit<Fate, "cause"> & {
    readonly document_id: string;
    readonly causes: readonly Cause[];
  })[];
};

/** Compares what a search found when the answer was made with what it finds now. `fates` has every version that differs. */
export function diffRetrieval(
  then: readonly RecordedCandidate[],
  now: readonly Candidate[],
  fates: ReadonlyMap<string, Fate>,
): RetrievalDiff {
  const before = new Map(then.map(({ chunk_id }, i) => [chunk_id, i + 1]));
  const after = new Map(now.map(({ chunk }, i) => [chunk.id, i + 1]));
  const causeOf = (versionId: string): Cause => fates.get(versionId)?.cause ?? "displaced";
  const gained = now.flatMap(({ chunk: { id, documentId, versionId } }, i) =>
    before.has(id) ? [] : [changed(id, documentId, versionId, i + 1, causeOf(versionId))],
  );
  const lost = then.flatMap(({ chunk_id, document_id, version_id }, i) =>
    after.has(chunk_id) ? [] : [changed(chunk_id, document_id, version_id, i + 1, causeOf(version_id))],
  );
  const moved = [...before].flatMap(([chunk_id, from]) => {
    const to = after.get(chunk_id);
    return to === undefined || to === from ? [] : [{ chunk_id, from, to }];
  });
  const sameLegs = then.every(({ ranks }, i) => isSameRanks(ranks, now[i]?.ranks));
  const same = gained.length === 0 && lost.length === 0;
  return {
    verdict: !same ? "different" : moved.length === 0 && sameLegs ? "exact" : "reordered",
    passages_then: then.length,
    passages_now: now.length,
    gained,
    lost,
    moved,
    changed_documents: changedDocuments([...gained, ...lost], fates),
  };
}

const changed = (
  chunk_id: string,
  document_id: string,
  version_id: string,
  rank: number,
  cause: Cause,
): ChangedChunk => ({ chunk_id, document_id, version_id, rank, cause });

function isSameRanks(then: RecordedCandidate["ranks"], now: RecordedCandidate["ranks"] | undefined): boolean {
  if (!now || Object.keys(now).length !== Object.keys(then).length) return false;
  return Object.entries(then).every(([leg, rank]) => now[leg] === rank);
}

function changedDocuments(
  chunks: readonly ChangedChunk[],
  fates: ReadonlyMap<string, Fate>,
): RetrievalDiff["changed_documents"] {
  const documents = new Map<string, { causes: Set<Cause>; title: string | null; uri: string | null }>();
  for (const { document_id, version_id, cause } of chunks) {
    if (cause === "displaced") continue;
    const { title = null, uri = null } = fates.get(version_id) ?? {};
    const known = documents.get(document_id) ?? { causes: new Set(), title, uri };
    known.causes.add(cause);
    documents.set(document_id, known);
  }
  return [...documents].map(([document_id, { causes, title, uri }]) => ({
    document_id,
    title,
    uri,
    causes: [...causes].sort(),
  }));
}
