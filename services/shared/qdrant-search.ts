import { setTimeout as sleep } from "node:timers/promises";
import { bm25, normalisedFrequency } from "./bm25.ts";
import { bm25f, MIN_PROPOSALS, type Weighed } from "./bm25f.ts";
import { headingsAskedFor } from "./heading-terms.ts";
import type { Hit } from "./index.ts";
import { meantTerms, mendedTerms } from "./meant-terms.ts";
import { isMendable, nearestWords } from "./near-words.ts";
import type { QdrantClient } from "./qdrant-client.ts";
import { inShard, type QdrantShard } from "./qdrant-layout.ts";
import { type ChunkPayload, chunkOf, countsOf, lettersOf, type MarkerPayload, markerId } from "./qdrant-points.ts";
import type { QdrantStatistics, ScoredPoint } from "./qdrant-statistics.ts";
import type { Filter } from "./scope-terms.ts";
import { soundAlikes } from "./sound-alikes.ts";
import { frequencyIn, hashOf, wordsOf } from "./term-counts.ts";
import type { WeightedTerm } from "./tokenize.ts";

/** Qdrant's own measure knows no average length: the best by ours are among so many. */
const PROPOSED = 300;
/** Words near to a misspelt one that are looked up in what the caller may read. */
const MAX_MENDS = 4;
const NEAR_WORDS = 200;
/** A version that is being replaced is asked for again; then it is shown as far as it is there. */
const MAX_TRIES = 4;
const AGAIN_MS = 20;

type Proposal = { readonly payload: ChunkPayload; readonly counts: Uint32Array };
type Marker = { readonly words: number; readonly revision: string | null; readonly previous: string | null };
type Ranked = { readonly hits: Hit[]; readonly unheld: string[] };
type Ask = (queries: readonly object[]) => Promise<ScoredPoint[][]>;

/**
 * The lexical leg of one generation: Qdrant finds passages by their terms, filter included, and the same code as in the
 * embedded engine scores them. Two requests: proposals with what is not yet known of the terms, then their documents.
 */
export async function searchQdrant(
  client: QdrantClient,
  statistics: QdrantStatistics,
  shard: QdrantShard,
  question: string,
  scope: Filter,
  limit: number,
  signal: AbortSignal,
): Promise<Hit[]> {
  const words = meantTerms(question);
  if (words.length === 0 || scope.acl.length === 0 || scope.collections?.length === 0) return [];
  const headings = headingsAskedFor(question);
  const filter = filterOf(scope);
  const ask: Ask = async (searches) => {
    const path = `/collections/${shard.collection}/points/query/batch`;
    const body = { searches: searches.map((one) => ({ ...one, ...inShard(shard) })) };
    const answers = await client.need<{ points: ScoredPoint[] }[]>("POST", path, body, "read", signal);
    return answers.map(({ points }) => points);
  };
  const rank = (asked: readonly WeightedTerm[]): Promise<Ranked> =>
    rankOnce(ask, statistics, shard, asked, headings, filter, limit, signal);

  const { hits, unheld } = await rank(words);
  if (unheld.length === 0) return hits;
  const mended = await mend(ask, unheld, filter);
  if (mended.size === 0) return hits;
  return (await rank(mendedTerms(words, mended))).hits;
}

async function rankOnce(
  ask: Ask,
  statistics: QdrantStatistics,
  shard: QdrantShard,
  words: readonly WeightedTerm[],
  headings: readonly WeightedTerm[],
  filter: object,
  limit: number,
  signal: AbortSignal,
): Promise<Ranked> {
  const asked = new Map<number, WeightedTerm>();
  for (const { term, weight } of [...headings, ...words]) {
    // A mended word may be another word of the question: then it counts for both.
    const hash = hashOf(term);
    asked.set(hash, { term, weight: weight + (asked.get(hash)?.weight ?? 0) });
  }
  const main = {
    query: { indices: [...asked.keys()], values: [...asked.values()].map(({ weight }) => weight) },
    using: "bm25",
    filter,
    limit: Math.max(limit, PROPOSED),
    with_payload: true,
  };
  for (let tries = 1; ; tries++) {
    const known = statistics.of(shard);
    const unknown = [...asked.keys()].filter((hash) => !known.idf.has(hash));
    const [proposed, ...probes] = await ask([main, ...unknown.map(statistics.probe)]);
    for (const [i, hash] of unknown.entries()) statistics.learn(known, hash, probes[i]!);
    const terms = [...asked].flatMap(([hash, { term, weight }]): Weighed[] => {
      const idf = known.idf.get(hash);
      return idf === undefined ? [] : [{ term, hash, idf: weight * idf }];
    });
    const found = proposed!.map(({ payload }): Proposal => {
      const chunk = payload as ChunkPayload;
      return { payload: chunk, counts: countsOf(chunk) };
    });
    if (found.length === 0) return { hits: [], unheld: mendable(words, new Set()) };
    const { chunkWords, versionWords } = await statistics.averages(known);
    const proposals = bestAlone(found, terms, chunkWords, Math.max(limit, MIN_PROPOSALS));
    const { documents, markers } = await documentsOf(ask, proposals, terms);
    const isCurrent = ({ payload }: Proposal): boolean =>
      markers.get(payload.version_id)?.revision === payload.revision;
    // Between the two requests a version was replaced: what was proposed of it is a part of the one or of the other.
    const torn = proposals.some(({ payload }) => markers.get(payload.version_id)?.previous === payload.revision);
    if (torn && tries < MAX_TRIES) {
      await sleep(AGAIN_MS * tries, undefined, { signal });
      continue;
    }
    const hits = proposals.filter(isCurrent).map(({ payload, counts }): Hit => {
      const { words: length } = markers.get(payload.version_id)!;
      const inDocument = terms.map(({ hash }) =>
        normalisedFrequency(documents.get(hash)?.get(payload.version_id) ?? 0, length, versionWords),
      );
      return { chunk: chunkOf(payload), score: bm25f(terms, inDocument, counts, chunkWords) };
    });
    hits.sort((a, b) => b.score - a.score || (a.chunk.id < b.chunk.id ? -1 : 1));
    const held = terms.filter(({ hash }) => found.some(({ counts }) => frequencyIn(counts, hash) > 0));
    return { hits: hits.slice(0, limit), unheld: mendable(words, new Set(held.map(({ term }) => term))) };
  }
}

/** Those that do best by themselves, with what ties with the last of them. */
function bestAlone(found: readonly Proposal[], terms: readonly Weighed[], chunkWords: number, count: number) {
  const scored = found.map((proposal) => {
    const { counts } = proposal;
    const share = ({ hash }: Weighed): number =>
      normalisedFrequency(frequencyIn(counts, hash), wordsOf(counts), chunkWords);
    return { proposal, score: terms.reduce((sum, term) => sum + bm25(term.idf, share(term)), 0) };
  });
  const lowest = scored.map(({ score }) => score).sort((a, b) => b - a)[count - 1] ?? 0;
  return scored.filter(({ score }) => score >= lowest).map(({ proposal }) => proposal);
}

/** The markers of the proposed versions, and how often each of them has each term: hash → version → frequency. */
async function documentsOf(ask: Ask, proposals: readonly Proposal[], terms: readonly Weighed[]) {
  const versions = new Map(proposals.map(({ payload }) => [markerId(payload.version_id), payload.version_id]));
  const filter = { must: [{ has_id: [...versions.keys()] }] };
  const limit = versions.size;
  const [found, ...frequencies] = await ask([
    { filter, limit, with_payload: ["words", "revision", "previous"] },
    ...terms.map(({ hash }) => ({ query: { indices: [hash], values: [1] }, using: "doc", filter, limit })),
  ]);
  const markers = new Map<string, Marker>();
  for (const { id, payload } of found!) markers.set(versions.get(id)!, payload as MarkerPayload);
  const documents = new Map<number, Map<string, number>>();
  for (const [i, { hash }] of terms.entries()) {
    documents.set(hash, new Map(frequencies[i]!.map(({ id, score }) => [versions.get(id)!, score])));
  }
  return { markers, documents };
}

const mendable = (words: readonly WeightedTerm[], held: ReadonlySet<string>): string[] =>
  words
    .filter(({ term, isOther, mayBeSlip }) => !isOther && (isMendable(term) || mayBeSlip) && !held.has(term))
    .map(({ term }) => term);

/**
 * Misspelt words and the words of the texts that they were meant to be. Only of texts that the caller may read, or a
 * ranking would tell which words the others hold.
 */
async function mend(ask: Ask, unheld: readonly string[], filter: object): Promise<Map<string, string>> {
  const spelt = unheld.filter(isMendable);
  const searches = spelt.map((term) => ({
    query: lettersOf(term),
    using: "letters",
    limit: NEAR_WORDS,
    with_payload: ["word"],
  }));
  const found = searches.length > 0 ? await ask(searches) : [];
  const near = unheld.map((term) =>
    isMendable(term)
      ? nearestWords(
          term,
          found[spelt.indexOf(term)]!.map(({ payload }) => (payload as { word: string }).word),
        ).slice(0, MAX_MENDS)
      : soundAlikes(term),
  );
  const candidates = near.flat();
  if (candidates.length === 0) return new Map();
  const readable = await ask(
    candidates.map((word) => ({ query: { indices: [hashOf(word)], values: [1] }, using: "bm25", filter, limit: 1 })),
  );
  const isReadable = new Set(candidates.filter((_, i) => readable[i]!.length > 0));
  return new Map(
    unheld.flatMap((term, i) => {
      const meant = near[i]!.find((word) => isReadable.has(word));
      return meant === undefined ? [] : [[term, meant] as const];
    }),
  );
}

export function filterOf({ tenant, acl, collections }: Filter): object {
  const must: object[] = [
    { key: "tenant", match: { value: tenant } },
    { key: "acl", match: { any: acl } },
  ];
  if (collections) must.push({ key: "collection", match: { any: collections } });
  return { must };
}
