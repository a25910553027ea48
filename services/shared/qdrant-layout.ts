/** How a new collection is laid out over nodes. A search must find each chunk on one node that is up. */
export type QdrantLayout = {
  /** Of all tenants that have none of their own. */
  readonly shards: number;
  readonly replicas: number;
  /** Large tenants, each with the number of its own shards: their searches ask no other, and others do not ask theirs. */
  readonly tenants: ReadonlyMap<string, number>;
};

/** Where one tenant's points of a generation are. Without a key they are spread over all shards of the collection. */
export type QdrantShard = { readonly collection: string; readonly key: string | undefined };

/** For tenants without shards of their own, and for what belongs to no tenant. */
export const SHARED_KEY = "shared";

/** `tenants` are those that had shards of their own when the collection was made; undefined for one without keys. */
export function shardOf(collection: string, tenants: readonly string[] | undefined, tenant?: string): QdrantShard {
  if (tenants === undefined) return { collection, key: undefined };
  return { collection, key: tenant !== undefined && tenants.includes(tenant) ? keyOf(tenant) : SHARED_KEY };
}

export const keyOf = (tenant: string): string => `tenant:${tenant}`;

/** What a request says of its shard: reads without it ask all, and writes need it where there are keys. */
export const inShard = ({ key }: Pick<QdrantShard, "key">): { readonly shard_key?: string } =>
  key === undefined ? {} : { shard_key: key };

/** For a write that may concern every tenant. */
export const inAllShards = (tenants: readonly string[] | undefined): { readonly shard_key?: readonly string[] } =>
  tenants === undefined ? {} : { shard_key: [SHARED_KEY, ...tenants.map(keyOf)] };
