import { setImmediate as nextTurn } from "node:timers/promises";
import type { Chunk } from "./chunk.ts";
import type { Filing } from "./index.ts";
import type { QdrantClient } from "./qdrant-client.ts";
import { type inAllShards, inShard, type QdrantShard } from "./qdrant-layout.ts";
import { type MarkerPayload, markerId, type Point, pointsOf, wordPoint } from "./qdrant-points.ts";
import type { QdrantStatistics } from "./qdrant-statistics.ts";

const BATCH_POINTS = 256;
const MAX_KNOWN_WORDS = 200_000;
const MAX_REWRITES = 3;
/** Of a request: the server works on one while the next one is being made. */
const PORTION_CHUNKS = 48;

export type Entry = { readonly filing: Filing; readonly versionId: string; readonly chunks: readonly Chunk[] };

/**
 * Writes versions to one shard of a collection so that a search sees the old content of a version or the new one: chunks of the
 * new revision first, then the marker that names it, then the old chunks go. A crash in between leaves points that
 * no marker names, which no search shows; the same write again has the same ids and finishes the work.
 */
export function qdrantWriter(client: QdrantClient, statistics: QdrantStatistics) {
  const words = new Map<string, Set<string>>();

  async function upsert(shard: QdrantShard, points: readonly Point[]): Promise<void> {
    for (let at = 0; at < points.length; at += BATCH_POINTS) {
      const body = { points: points.slice(at, at + BATCH_POINTS), ...inShard(shard) };
      await client.need("PUT", `/collections/${shard.collection}/points?wait=true`, body, "write");
    }
  }

  /** Each is written once a process; it stays when the texts go, and is then near to nothing that anyone may read. */
  function knownWords({ collection, key = "" }: QdrantShard): Set<string> {
    const name = `${collection} ${key}`;
    const known = words.get(name) ?? new Set();
    words.set(name, known);
    if (known.size > MAX_KNOWN_WORDS) known.clear();
    return known;
  }

  async function markersOf(shard: QdrantShard, entries: readonly Entry[]): Promise<Map<string, MarkerPayload>> {
    const ids = entries.map(({ versionId }) => markerId(versionId));
    const body = { ids, with_payload: ["version_id", "revision"], ...inShard(shard) };
    const found = await client.need<{ payload: MarkerPayload }[]>(
      "POST",
      `/collections/${shard.collection}/points`,
      body,
      "read",
    );
    return new Map(found.map(({ payload }) => [payload.version_id, payload]));
  }

  /** Chunks and markers in one request, so that the server finishes it whatever happens to us. */
  async function remove(collection: string, where: Where, versionIds: readonly string[]): Promise<void> {
    statistics.forget();
    const body = { filter: { must: [{ key: "version_id", match: { any: versionIds } }] }, ...where };
    await client.need("POST", `/collections/${collection}/points/delete?wait=true`, body, "write");
  }

  /**
   * Another worker, whose lease ran out or took over, may have replaced the same version meanwhile and removed what it
   * took for the old content.
   */
  async function isComplete(shard: QdrantShard, versions: readonly Written[]): Promise<boolean> {
    const must = [
      { key: "revision", match: { any: versions.map(({ revision }) => revision) } },
      { key: "version_id", match: { any: versions.map(({ versionId }) => versionId) } },
      { key: "kind", match: { value: "chunk" } },
    ];
    const path = `/collections/${shard.collection}/points/count`;
    const body = { filter: { must }, exact: true, ...inShard(shard) };
    const { count } = await client.need<{ count: number }>("POST", path, body, "read");
    return count >= versions.reduce((sum, { points }) => sum + points.length, 0);
  }

  /** The points with the vectors that the same points have already: what is written replaces a point as a whole. */
  async function withVectors(shard: QdrantShard, points: readonly Point[]): Promise<readonly Point[]> {
    const kept = new Map<string, readonly number[]>();
    for (let at = 0; at < points.length; at += BATCH_POINTS) {
      const ids = points.slice(at, at + BATCH_POINTS).map(({ id }) => id);
      const body = { ids, with_payload: false, with_vector: ["dense"], ...inShard(shard) };
      const found = await client.need<Embedded[]>("POST", `/collections/${shard.collection}/points`, body, "read");
      for (const { id, vector } of found) if (vector?.dense) kept.set(id, vector.dense);
    }
    return points.map((point) => {
      const dense = kept.get(point.id);
      return dense ? { ...point, vector: { ...point.vector, dense } } : point;
    });
  }

  async function write(shard: QdrantShard, batch: readonly Entry[], isDense: boolean): Promise<void> {
    const empty = batch.filter(({ chunks }) => chunks.length === 0).map(({ versionId }) => versionId);
    if (empty.length > 0) await remove(shard.collection, inShard(shard), empty);
    const filled = batch.filter(({ chunks }) => chunks.length > 0);
    if (filled.length === 0) return;
    for (let tries = 1; tries <= MAX_REWRITES; tries++) {
      const versions = await replace(shard, filled, isDense);
      if (await isComplete(shard, versions)) break;
    }
    statistics.forget();
  }

  async function replace(shard: QdrantShard, filled: readonly Entry[], isDense: boolean): Promise<readonly Written[]> {
    const before = await markersOf(shard, filled);
    const known = knownWords(shard);
    const fresh = new Set<string>();
    const versions: Written[] = [];
    const sending: Promise<void>[] = [];
    for (const entries of portionsOf(filled)) {
      const portion = entries.map(({ filing, versionId, chunks }) => ({
        ...pointsOf(filing, versionId, chunks),
        versionId,
        previous: before.get(versionId)?.revision ?? null,
      }));
      versions.push(...portion);
      // A marker without a revision says that a write has begun, so that what a crash leaves can be found.
      const begun = portion.filter(({ versionId }) => !before.has(versionId)).map(({ marker }) => marker(null, null));
      const chunks = portion.flatMap(({ points }) => points);
      const points = isDense ? await withVectors(shard, chunks) : chunks;
      const words = new Set(
        portion.flatMap((one) => [...one.words].filter((word) => !known.has(word) && !fresh.has(word))),
      );
      for (const word of words) fresh.add(word);
      const send = upsert(shard, [...begun, ...points, ...Array.from(words, wordPoint)]);
      // A failure is heard of below; until then it must not end the process.
      send.catch(() => undefined);
      sending.push(send);
      // The server works on this portion while the next one is being cut.
      await nextTurn();
    }
    await allOf(sending);
    for (const word of fresh) known.add(word);
    await upsert(
      shard,
      versions.map(({ marker, revision, previous }) => marker(revision, previous === revision ? null : previous)),
    );
    for (const { versionId, revision, previous } of versions) {
      if (previous === null || previous === revision) continue;
      const must = [
        { key: "version_id", match: { value: versionId } },
        { key: "revision", match: { value: previous } },
        { key: "kind", match: { value: "chunk" } },
      ];
      const body = { filter: { must }, ...inShard(shard) };
      await client.need("POST", `/collections/${shard.collection}/points/delete?wait=true`, body, "write");
    }
    return versions;
  }

  // One after the other: of two that replace the same version the later one has to find what the first has left.
  let tail: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = tail.then(work, work);
    tail = turn.catch(() => undefined);
    return turn;
  };
  return {
    write: (shard: QdrantShard, batch: readonly Entry[], isDense: boolean): Promise<void> =>
      inTurn(() => write(shard, batch, isDense)),
    remove: (collection: string, where: Where, versionIds: readonly string[]): Promise<void> =>
      inTurn(() => remove(collection, where, versionIds)),
  };
}

type Where = ReturnType<typeof inShard> | ReturnType<typeof inAllShards>;
type Written = ReturnType<typeof pointsOf> & { readonly versionId: string; readonly previous: string | null };

/** Nothing is under way any more when it rejects. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

/** Whole versions, each portion of about one request. */
function* portionsOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let portion: Entry[] = [];
  let points = 0;
  for (const entry of entries) {
    if (points > 0 && points + entry.chunks.length > PORTION_CHUNKS) {
      yield portion;
      [portion, points] = [[], 0];
    }
    portion.push(entry);
    points += entry.chunks.length;
  }
  yield portion;
}

type Embedded = { readonly id: string; readonly vector?: { readonly dense?: readonly number[] } };
