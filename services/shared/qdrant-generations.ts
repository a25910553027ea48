import { CHUNKER_VERSION } from "./chunk.ts";
import { sha256 } from "./digest.ts";
import type { Generation } from "./index.ts";
import type { QdrantClient } from "./qdrant-client.ts";
import { QdrantRefusal } from "./qdrant-client.ts";
import { inShard, keyOf, type QdrantLayout, SHARED_KEY, shardOf } from "./qdrant-layout.ts";
import { tokenizerVersion } from "./tokenize.ts";

/** Of one search: a batch has a query for every term that it has not met yet. */
const MAX_QUERIES = 512;
const MAX_LIMIT = 20_000;
/** About 60,000 vectors of 384 dimensions: with a graph the best tenth of a tenant of that size lacked one in four. */
const FULL_SCAN_KB = 100_000;
const CARD_ID = "00000000-0000-4000-8000-000000000000";
const KEYWORDS = ["collection", "acl", "version_id", "revision", "kind"];

/** A generation, the Qdrant collection that holds it, and the tenants with shards of their own, if it has shard keys. */
export type Held = Generation & { readonly collection: string; readonly tenants: readonly string[] | undefined };
type Aliases = { aliases: { alias_name: string; collection_name: string }[] };
type Card = {
  payload: { id: string; manifest: Generation["manifest"]; created_at: number; tenants?: readonly string[] };
};

/**
 * One Qdrant collection for each generation. Which one is live is an alias, so that a promotion is one atomic request;
 * one that is being built has an alias of its own; what has none is retired. A card in the collection says what it was
 * built with.
 */
export function qdrantGenerations(client: QdrantClient, prefix: string, layout: QdrantLayout, now: () => number) {
  const live = `${prefix}_live`;
  const collectionOf = (id: string): string => `${prefix}_of_${sha256(id).slice(0, 24)}`;
  const buildingOf = (collection: string): string => `${collection}_building`;
  const cards = new Map<string, Card["payload"]>();

  async function cardOf(collection: string): Promise<Card["payload"] | undefined> {
    const known = cards.get(collection);
    if (known) return known;
    const [card] =
      (await client.call<Card[]>("POST", `/collections/${collection}/points`, { ids: [CARD_ID] }, "read")) ?? [];
    // Without a card its creation was cut short, and nobody has written to it.
    if (card) cards.set(collection, card.payload);
    return card?.payload;
  }

  async function all(): Promise<Held[]> {
    const { collections } = await client.need<{ collections: { name: string }[] }>(
      "GET",
      "/collections",
      undefined,
      "read",
    );
    const { aliases } = await client.need<Aliases>("GET", "/aliases", undefined, "read");
    const target = new Map(aliases.map(({ alias_name, collection_name }) => [alias_name, collection_name]));
    const found: (Held & { readonly at: number })[] = [];
    for (const { name } of collections.filter(({ name }) => name.startsWith(`${prefix}_of_`))) {
      const card = await cardOf(name);
      if (!card) continue;
      const building = target.has(buildingOf(name)) ? "building" : "retired";
      const status = target.get(live) === name ? "live" : building;
      const { id, manifest, tenants, created_at: at } = card;
      found.push({ id, manifest, status, collection: name, tenants, at });
    }
    found.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    return found.map(({ at: _, ...held }) => held);
  }

  const changeAliases = (actions: readonly object[]): Promise<unknown> =>
    client.need("POST", "/collections/aliases", { actions }, "schema");
  const create = (collection: string, alias: string): object => ({
    create_alias: { collection_name: collection, alias_name: alias },
  });

  /** Each step may have been done before: by an attempt that was cut short, or by another process at this moment. */
  async function build(id: string, manifest: Generation["manifest"]): Promise<string> {
    const collection = collectionOf(id);
    const path = `/collections/${collection}`;
    await client.need("PUT", path, collectionSettings(layout, manifest), "schema").catch(unlessThere);
    for (const [shard_key, shards_number] of shardKeysOf(layout)) {
      await client.need("PUT", `${path}/shards`, { shard_key, shards_number }, "schema").catch(unlessThere);
    }
    const tenant = { field_name: "tenant", field_schema: { type: "keyword", is_tenant: true } };
    await client.need("PUT", `${path}/index?wait=true`, tenant, "schema");
    for (const field_name of KEYWORDS) {
      await client.need("PUT", `${path}/index?wait=true`, { field_name, field_schema: "keyword" }, "schema");
    }
    if (!(await cardOf(collection))) {
      const tenants = tenantsOf(layout);
      const payload = { kind: "card", id, manifest, created_at: now(), ...(tenants && { tenants }) };
      const points = [{ id: CARD_ID, vector: {}, payload }];
      const body = { points, ...inShard(shardOf(collection, tenants)) };
      await client.need("PUT", `${path}/points?wait=true`, body, "write");
    }
    return collection;
  }

  return {
    all,
    /** The first generation of an empty server; processes that start together make the same one. */
    async first(): Promise<Held> {
      const id = uuidOf(`first generation of ${prefix}`);
      const collection = await build(id, { tokenizer: tokenizerVersion, chunker: CHUNKER_VERSION });
      await changeAliases([create(collection, live)]);
      const { manifest, tenants } = (await cardOf(collection))!;
      return { id, collection, status: "live", manifest, tenants };
    },
    async create(id: string, manifest: Generation["manifest"]): Promise<void> {
      if ((await all()).some((known) => known.id === id)) return;
      const collection = collectionOf(id);
      // First of all: from the moment on that it can be found, everybody writes to it.
      await build(id, manifest);
      await changeAliases([create(collection, buildingOf(collection))]);
    },
    async promote(id: string): Promise<void> {
      const known = (await all()).find((held) => held.id === id);
      if (!known) throw new Error(`There is no generation ${id}`);
      if (known.status === "live") return;
      const { collection } = known;
      await changeAliases([
        { delete_alias: { alias_name: live } },
        create(collection, live),
        { delete_alias: { alias_name: buildingOf(collection) } },
      ]);
    },
    async drop(id: string): Promise<void> {
      const known = (await all()).find((held) => held.id === id);
      if (!known) return;
      if (known.status === "live") throw new Error(`Generation ${id} is live and cannot be dropped`);
      await client.call("DELETE", `/collections/${known.collection}`, undefined, "schema");
      cards.delete(known.collection);
    },
  };
}

export type QdrantGenerations = ReturnType<typeof qdrantGenerations>;

const tenantsOf = ({ tenants }: QdrantLayout): string[] | undefined =>
  tenants.size > 0 ? [...tenants.keys()] : undefined;

/** Shard keys with their numbers of shards. None where Qdrant spreads all points by itself. */
const shardKeysOf = ({ shards, tenants }: QdrantLayout): (readonly [key: string, shards: number])[] =>
  tenants.size === 0
    ? []
    : [[SHARED_KEY, shards], ...[...tenants].map(([tenant, own]) => [keyOf(tenant), own] as const)];

/** A collection or a shard key may have been made before, or by another process at this moment. */
function unlessThere(error: unknown): void {
  const isThere = error instanceof QdrantRefusal && (error.status === 409 || /already exists/.test(error.message));
  if (!isThere) throw error;
}

/** A UUID that follows from a text: writing a point again replaces it. */
export function uuidOf(text: string): string {
  const hex = sha256(text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * `bm25`: a passage's terms, which proposes; the server knows how rare each is. `doc`: how often a version has each
 * term. `letters`: the pairs of letters of a word of the texts, to mend a misspelt one.
 */
function collectionSettings(layout: QdrantLayout, { dimensions }: Generation["manifest"]): object {
  const { shards, replicas } = layout;
  return {
    vectors: dimensions === undefined ? {} : { dense: denseOf(Number(dimensions)) },
    sparse_vectors: { bm25: { modifier: "idf" }, doc: {}, letters: {} },
    shard_number: shards,
    ...(layout.tenants.size > 0 && { sharding_method: "custom" }),
    replication_factor: replicas,
    // A write is acknowledged when most replicas have it: one node may be away.
    write_consistency_factor: Math.floor(replicas / 2) + 1,
    on_disk_payload: true,
    // Removed points leave the files when so many of a segment are gone.
    optimizers_config: { deleted_threshold: 0.1, vacuum_min_vector_number: 500 },
    strict_mode_config: {
      enabled: true,
      unindexed_filtering_retrieve: false,
      unindexed_filtering_update: false,
      max_query_limit: MAX_LIMIT,
      search_max_batchsize: MAX_QUERIES,
      upsert_max_batchsize: 2000,
    },
  };
}

/** A graph for each tenant; those of fewer vectors, and narrow filters, are compared one by one, which misses none. */
const denseOf = (size: number): object => ({
  size,
  distance: "Cosine",
  hnsw_config: { m: 0, payload_m: 16, full_scan_threshold: FULL_SCAN_KB },
});
