import { CHUNKER_VERSION } from "./chunk.ts";
import { denseOf } from "./dense-of.ts";
import { AppError } from "./errors.ts";
import type { Filing, Generation, Legs, SearchIndex } from "./index.ts";
import { silentLog } from "./log.ts";
import type { SearchScope } from "./principal.ts";
import { createQdrantClient, QdrantRefusal, type QdrantSettings } from "./qdrant-client.ts";
import { type Held, qdrantGenerations } from "./qdrant-generations.ts";
import { inAllShards, inShard, type QdrantLayout, shardOf } from "./qdrant-layout.ts";
import { filingOf } from "./qdrant-points.ts";
import { searchQdrant } from "./qdrant-search.ts";
import { qdrantStatistics } from "./qdrant-statistics.ts";
import { nearestInQdrant, withoutVectorsInQdrant, writeVectorsToQdrant } from "./qdrant-vectors.ts";
import { type Entry, qdrantWriter } from "./qdrant-writer.ts";
import { tokenizerVersion } from "./tokenize.ts";

/** More would wait for seconds, and be asked again by those who gave up. */
const MAX_SEARCHES = 256;
const PAGE = 1000;
/** Searches look so often which generation is live; the one before it answers as well for that long. */
const LOOK_MS = 1000;

export type QdrantIndexSettings = QdrantSettings & {
  /** What the names of its collections begin with; installations on one server have different ones. */
  readonly prefix: string;
  readonly layout: QdrantLayout;
};

/** Qdrant behind `SearchIndex`. Nothing is asked of the server before the first call. */
export function openQdrantIndex(settings: QdrantIndexSettings): SearchIndex {
  const { prefix, layout, now = Date.now, log = silentLog } = settings;
  const client = createQdrantClient({ ...settings, now, log });
  const registry = qdrantGenerations(client, prefix, layout, now);
  const statistics = qdrantStatistics(client, now);
  const writer = qdrantWriter(client, statistics);
  const embeddedUpTo = new Map<string, string>();
  let searching = 0;
  let seen: { readonly at: number; readonly all: readonly Held[] } | undefined;

  async function generations(): Promise<Held[]> {
    const all = await registry.all();
    return all.some(({ status }) => status === "live") ? all : [await registry.first(), ...all];
  }
  /** Those that new content goes to. Texts cut by other code must not get in between. */
  async function written(): Promise<Held[]> {
    const open = (await generations()).filter(({ status }) => status !== "retired");
    const ours = open.filter(({ manifest }) => isOurs(manifest));
    if (ours.length > 0) return ours;
    throw otherCode(open[0]!.manifest);
  }
  async function searched(choose: (held: Held) => boolean): Promise<Held | undefined> {
    if (!seen || now() - seen.at > LOOK_MS) seen = { at: now(), all: await generations() };
    const held = seen.all.find(choose);
    if (held && held.manifest.tokenizer !== tokenizerVersion) throw otherCode(held.manifest);
    return held;
  }
  async function search(
    choose: (held: Held) => boolean,
    question: string,
    { tenant, acl, collections }: SearchScope,
    limit: number,
    signal: AbortSignal,
  ): Promise<Legs | undefined> {
    if (signal.aborted) throw stopped();
    if (searching >= MAX_SEARCHES) throw busy();
    searching += 1;
    try {
      for (;;) {
        const held = await searched(choose);
        if (!held) return undefined;
        const scope = { tenant, acl, collections };
        const shard = shardOf(held.collection, held.tenants, tenant);
        const search = searchQdrant(client, statistics, shard, question, scope, limit, signal);
        const lexical = await search.catch((error: unknown) => {
          // Dropped since we looked: another one is live.
          if (error instanceof QdrantRefusal && error.status === 404) return undefined;
          throw error;
        });
        if (lexical) return { generation: held.id, legs: { lexical }, ...denseOf(held.manifest) };
        seen = undefined;
      }
    } finally {
      searching -= 1;
    }
  }
  const changed = (change: Promise<void>): Promise<void> =>
    change.finally(() => {
      seen = undefined;
    });
  const writeAll = async (batch: readonly Entry[], only?: string): Promise<void> => {
    for (const { id, collection, tenants, manifest } of await written()) {
      if (only !== undefined && id !== only) continue;
      const byTenant = Map.groupBy(batch, ({ filing }) => shardOf(collection, tenants, filing.tenant).key);
      for (const [key, entries] of byTenant) {
        await writer.write({ collection, key }, entries, manifest.embedder !== undefined);
      }
    }
  };
  const generationOf = async (id: string): Promise<Held | undefined> =>
    (await generations()).find((generation) => generation.id === id);

  return {
    // The server's affair.
    warm: async () => {},
    writeAll,
    write: (filing: Filing, versionId, chunks) => writeAll([{ filing, versionId, chunks }]),
    async refile(versionId, filing) {
      const filter = { must: [{ key: "version_id", match: { value: versionId } }] };
      for (const { collection, tenants } of await generations()) {
        const path = `/collections/${collection}/points/payload?wait=true`;
        const body = { payload: filingOf(filing), filter, ...inShard(shardOf(collection, tenants, filing.tenant)) };
        await client.need("POST", path, body, "write");
      }
    },
    async remove(versionIds) {
      for (const { collection, tenants } of await generations()) {
        await writer.remove(collection, inAllShards(tenants), versionIds);
      }
    },
    search: async (...asked) => (await search(({ status }) => status === "live", ...asked))!,
    searchIn: (generation, ...asked) => search(({ id }) => id === generation, ...asked),
    async nearest(generation, { embedder, values }, { tenant, acl, collections }, limit, signal) {
      if (signal.aborted) throw stopped();
      if (searching >= MAX_SEARCHES) throw busy();
      searching += 1;
      try {
        const held = await searched(({ id }) => id === generation);
        if (!held || !hasVectorsOf(held, embedder, values.length)) return undefined;
        const scope = { tenant, acl, collections };
        const shard = shardOf(held.collection, held.tenants, tenant);
        return await nearestInQdrant(client, shard, values, scope, limit, signal);
      } catch (error) {
        if (error instanceof QdrantRefusal && error.status === 404) return undefined;
        throw signal.aborted ? stopped() : error;
      } finally {
        searching -= 1;
      }
    },
    async withoutVectors(id, limit) {
      const held = await generationOf(id);
      if (held?.manifest.embedder === undefined) return { total: 0, chunks: [] };
      return withoutVectorsInQdrant(client, held.collection, limit, embeddedUpTo);
    },
    async writeVectors(id, embedder, vectors) {
      const held = await generationOf(id);
      if (!held) return;
      if (!vectors.every(({ values }) => hasVectorsOf(held, embedder, values.length))) {
        throw new AppError("conflict", `The generation ${id} has no vectors of ${embedder}.`);
      }
      if (vectors.length > 0) await writeVectorsToQdrant(client, held, vectors);
    },
    async versions(generation) {
      const chosen = (await generations()).find(({ id, status }) =>
        generation ? id === generation : status === "live",
      );
      if (!chosen) return [];
      const ids: string[] = [];
      let offset: string | null | undefined;
      do {
        const page = {
          filter: { must: [{ key: "kind", match: { value: "version" } }] },
          limit: PAGE,
          with_payload: ["version_id"],
          ...(offset && { offset }),
        };
        const path = `/collections/${chosen.collection}/points/scroll`;
        const { points, next_page_offset } = await client.need<VersionPage>("POST", path, page, "read");
        ids.push(...points.map(({ payload }) => payload.version_id));
        offset = next_page_offset;
      } while (offset);
      return ids;
    },
    generations: async () =>
      (await generations()).map(({ id, status, manifest }): Generation => ({ id, status, manifest })),
    createGeneration: (id, manifest) => changed(generations().then(() => registry.create(id, manifest))),
    promoteGeneration: (id) => changed(registry.promote(id)),
    dropGeneration: (id) => changed(registry.drop(id)),
    // The server clears the files by itself as segments fill with removed points; a new generation has none.
    scrub: async () => {},
    close: async () => {},
  };
}

type VersionPage = { points: { payload: { version_id: string } }[]; next_page_offset?: string | null };

const isOurs = (manifest: Generation["manifest"]): boolean =>
  manifest.tokenizer === tokenizerVersion && manifest.chunker === CHUNKER_VERSION;

const otherCode = ({ tokenizer, chunker }: Generation["manifest"]): Error =>
  new Error(
    `The live index was built with the tokenizer ${tokenizer} and the chunker ${chunker}; this version uses ` +
      `${tokenizerVersion} and ${CHUNKER_VERSION}. Build a new generation: ./cairn reindex.`,
  );
const hasVectorsOf = ({ manifest }: Held, embedder: string, dimensions: number): boolean =>
  manifest.embedder === embedder && manifest.dimensions === String(dimensions);
const stopped = (): AppError =>
  new AppError("unavailable", "The search was stopped before it had a result. Ask again.");
const busy = (): AppError =>
  new AppError("unavailable", "Too many searches are waiting. Try again shortly.", { retryAfterSeconds: 1 });
