import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "./errors.ts";
import type { Hit, Unembedded } from "./index.ts";
import type { QdrantClient } from "./qdrant-client.ts";
import type { Held } from "./qdrant-generations.ts";
import { inShard, type QdrantShard, shardOf } from "./qdrant-layout.ts";
import { type ChunkPayload, chunkOf, type MarkerPayload, markerId } from "./qdrant-points.ts";
import { filterOf } from "./qdrant-search.ts";
import type { Filter } from "./scope-terms.ts";

/** Of the graph, where a tenant has one. */
const EF = 256;
const MAX_TRIES = 4;
const AGAIN_MS = 20;

type Found = { readonly points: readonly { readonly score: number; readonly payload: ChunkPayload }[] };
type Owned = { readonly id: string; readonly payload: { readonly tenant: string } };
type Page = { readonly points: readonly { readonly id: string; readonly payload: ChunkPayload }[] };

/** The dense leg of one collection, filter included. A version shows the chunks of one revision only. */
export async function nearestInQdrant(
  client: QdrantClient,
  shard: QdrantShard,
  values: Float32Array,
  scope: Filter,
  limit: number,
  signal: AbortSignal,
): Promise<Hit[]> {
  if (scope.acl.length === 0 || scope.collections?.length === 0) return [];
  const query = {
    query: Array.from(values),
    using: "dense",
    filter: filterOf(scope),
    limit,
    with_payload: true,
    params: { hnsw_ef: EF },
    ...inShard(shard),
  };
  for (let tries = 1; ; tries++) {
    const path = `/collections/${shard.collection}/points`;
    const { points } = await client.need<Found>("POST", `${path}/query`, query, "read", signal);
    const versions = [...new Set(points.map(({ payload }) => payload.version_id))];
    const ids = versions.map(markerId);
    const body = { ids, with_payload: ["version_id", "revision", "previous"], ...inShard(shard) };
    const found = await client.need<{ payload: MarkerPayload }[]>("POST", path, body, "read", signal);
    const markers = new Map(found.map(({ payload }) => [payload.version_id, payload]));
    const torn = points.some(({ payload }) => markers.get(payload.version_id)?.previous === payload.revision);
    if (torn && tries < MAX_TRIES) {
      await sleep(AGAIN_MS * tries, undefined, { signal });
      continue;
    }
    const current = points.filter(({ payload }) => markers.get(payload.version_id)?.revision === payload.revision);
    const hits = current.map(({ score, payload }): Hit => ({ chunk: chunkOf(payload), score }));
    return hits.sort((a, b) => b.score - a.score || (a.chunk.id < b.chunk.id ? -1 : 1));
  }
}

/**
 * Chunks without a vector, and how many they are. `reached`: where the last page of each collection began, which is
 * where the next one is looked for: what lies before had vectors then. What came there since is found at the end.
 */
export async function withoutVectorsInQdrant(
  client: QdrantClient,
  collection: string,
  limit: number,
  reached: Map<string, string>,
): Promise<{ total: number; chunks: Unembedded[] }> {
  const path = `/collections/${collection}/points`;
  const filter = {
    must: [{ key: "kind", match: { value: "chunk" } }],
    must_not: [{ has_vector: "dense" }],
  };
  const { count } = await client.need<{ count: number }>("POST", `${path}/count`, { filter, exact: true }, "read");
  if (count === 0) return { total: 0, chunks: [] };
  const scroll = async (offset: string | undefined) => {
    const page = { filter, limit, with_payload: true, ...(offset !== undefined && { offset }) };
    return (await client.need<Page>("POST", `${path}/scroll`, page, "read")).points;
  };
  const from = reached.get(collection);
  const next = await scroll(from);
  const points = from !== undefined && next.length < Math.min(limit, count) ? await scroll(undefined) : next;
  if (points[0]) reached.set(collection, points[0].id);
  return { total: count, chunks: points.map(({ id, payload }) => ({ ref: id, chunk: chunkOf(payload) })) };
}

/** A point that has gone meanwhile would make the server refuse all of them. */
export async function writeVectorsToQdrant(
  client: QdrantClient,
  { collection, tenants }: Pick<Held, "collection" | "tenants">,
  vectors: readonly { readonly ref: string; readonly values: Float32Array }[],
): Promise<void> {
  const path = `/collections/${collection}/points`;
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const ids = vectors.map(({ ref }) => ref);
    const found = await client.need<Owned[]>("POST", path, { ids, with_payload: ["tenant"] }, "read");
    const keys = new Map(found.map(({ id, payload }) => [id, shardOf(collection, tenants, payload.tenant).key]));
    const here = vectors.filter(({ ref }) => keys.has(ref));
    const byShard = Map.groupBy(here, ({ ref }) => keys.get(ref));
    let written = true;
    for (const [key, some] of byShard) {
      const points = some.map(({ ref, values }) => ({ id: ref, vector: { dense: Array.from(values) } }));
      const body = { points, ...inShard({ key }) };
      written &&= (await client.call("PUT", `${path}/vectors?wait=true`, body, "write")) !== undefined;
    }
    if (written) return;
  }
  throw new AppError("unavailable", "The index changes too fast to take vectors. Try again.");
}
