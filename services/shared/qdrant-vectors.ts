import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "./errors.ts";
import type { Hit, Unembedded } from "./index.ts";
import type { QdrantClient } from "./qdrant-client.ts";
import { type ChunkPayload, chunkOf, type MarkerPayload, markerId } from "./qdrant-points.ts";
import { filterOf } from "./qdrant-search.ts";
import type { Filter } from "./scope-terms.ts";

/** Of the graph, where a tenant has one. */
const EF = 256;
const MAX_TRIES = 4;
const AGAIN_MS = 20;

type Found = { readonly points: readonly { readonly score: number; readonly payload: ChunkPayload }[] };
type Page = { readonly points: readonly { readonly id: string; readonly payload: ChunkPayload }[] };

/** The dense leg of one collection, filter included. A version shows the chunks of one revision only. */
export async function nearestInQdrant(
  client: QdrantClient,
  collection: string,
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
  };
  for (let tries = 1; ; tries++) {
    const path = `/collections/${collection}/points`;
    const { points } = await client.need<Found>("POST", `${path}/query`, query, "read", signal);
    const versions = [...new Set(points.map(({ payload }) => payload.version_id))];
    const body = { ids: versions.map(markerId), with_payload: ["version_id", "revision", "previous"] };
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

/** Chunks without a vector, and how many they are. */
export async function withoutVectorsInQdrant(
  client: QdrantClient,
  collection: string,
  limit: number,
): Promise<{ total: number; chunks: Unembedded[] }> {
  const path = `/collections/${collection}/points`;
  const filter = {
    must: [{ key: "kind", match: { value: "chunk" } }],
    must_not: [{ has_vector: "dense" }],
  };
  const { count } = await client.need<{ count: number }>("POST", `${path}/count`, { filter, exact: true }, "read");
  if (count === 0) return { total: 0, chunks: [] };
  const page = { filter, limit, with_payload: true };
  const { points } = await client.need<Page>("POST", `${path}/scroll`, page, "read");
  return { total: count, chunks: points.map(({ id, payload }) => ({ ref: id, chunk: chunkOf(payload) })) };
}

/** A point that has gone meanwhile would make the server refuse all of them. */
export async function writeVectorsToQdrant(
  client: QdrantClient,
  collection: string,
  vectors: readonly { readonly ref: string; readonly values: Float32Array }[],
): Promise<void> {
  const path = `/collections/${collection}/points`;
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const ids = vectors.map(({ ref }) => ref);
    const found = await client.need<{ id: string }[]>("POST", path, { ids, with_payload: false }, "read");
    const here = new Set(found.map(({ id }) => id));
    const points = vectors
      .filter(({ ref }) => here.has(ref))
      .map(({ ref, values }) => ({ id: ref, vector: { dense: Array.from(values) } }));
    if (points.length === 0) return;
    if ((await client.call("PUT", `${path}/vectors?wait=true`, { points }, "write")) !== undefined) return;
  }
  throw new AppError("unavailable", "The index changes too fast to take vectors. Try again.");
}
