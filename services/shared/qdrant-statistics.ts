import type { QdrantClient } from "./qdrant-client.ts";
import { inShard, type QdrantShard } from "./qdrant-layout.ts";
import { type ChunkPayload, countsOf, saturated } from "./qdrant-points.ts";
import { frequencyIn } from "./term-counts.ts";

/** Ids are hashes, so the first thousand are a random sample; a smaller index is counted as a whole. */
const SAMPLE = 1000;
/** What is learned about all texts may be so old: their averages and the rarity of their words change slowly. */
const FRESH_MS = 30_000;
const MAX_TERMS = 50_000;

export type Averages = { readonly chunkWords: number; readonly versionWords: number };
export type ScoredPoint = { readonly id: string; readonly score: number; readonly payload?: unknown };
/** What is known at one moment. A search holds on to one of these, so that nothing it has learned expires under it. */
export type Known = {
  readonly shard: QdrantShard;
  averages: Promise<Averages> | undefined;
  readonly idf: Map<number, number>;
  readonly at: number;
};
type Page = { points: { payload: { words: number } }[] };

/** What ranking must know about all texts of a shard. Qdrant has no request for it, so it is asked with searches. */
export function qdrantStatistics(client: QdrantClient, now: () => number) {
  const known = new Map<string, Known>();
  const meanWords = async (shard: QdrantShard, kind: string): Promise<number> => {
    const sample = {
      filter: { must: [{ key: "kind", match: { value: kind } }] },
      limit: SAMPLE,
      with_payload: ["words"],
      ...inShard(shard),
    };
    const { points } = await client.need<Page>(
      "POST",
      `/collections/${shard.collection}/points/scroll`,
      sample,
      "read",
    );
    return points.reduce((sum, { payload }) => sum + payload.words, 0) / points.length;
  };
  return {
    /** After a write of this process, so that it finds what it wrote as if it were alone. */
    forget: (): void => known.clear(),
    of(shard: QdrantShard): Known {
      const name = `${shard.collection} ${shard.key ?? ""}`;
      const old = known.get(name);
      if (old && now() - old.at < FRESH_MS && old.idf.size < MAX_TERMS) return old;
      const fresh = { shard, averages: undefined, idf: new Map<number, number>(), at: now() };
      known.set(name, fresh);
      return fresh;
    },
    /** Asked once for all searches that wait for it, so none of them may stop it. */
    averages(one: Known): Promise<Averages> {
      const { shard } = one;
      one.averages ??= Promise.all([meanWords(shard, "chunk"), meanWords(shard, "version")]).then(
        ([chunkWords, versionWords]) => ({ chunkWords, versionWords }),
        (error: unknown) => {
          one.averages = undefined;
          throw error;
        },
      );
      return one.averages;
    },
    /** The search to make for a term whose rarity is not known: one result, of every text, for this term alone. */
    probe: (hash: number): object => ({
      query: { indices: [hash], values: [1] },
      using: "bm25",
      limit: 1,
      with_payload: ["counts", "words"],
    }),
    /**
     * The inverse document frequency that the server has for a term: the score of a passage by this term alone, without
     * the passage's share, which is known. No result: no text has the term, which may change at any moment.
     */
    learn({ idf }: Known, hash: number, [best]: readonly ScoredPoint[]): void {
      if (!best) return;
      const payload = best.payload as ChunkPayload;
      const share = saturated(frequencyIn(countsOf(payload), hash), payload.words);
      if (share > 0) idf.set(hash, best.score / share);
    },
  };
}

export type QdrantStatistics = ReturnType<typeof qdrantStatistics>;
