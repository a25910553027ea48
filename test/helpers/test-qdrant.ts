import type { SearchIndex } from "#shared/index.ts";
import { openQdrantIndex } from "#shared/qdrant-index.ts";

/** Indexes on the server under test, each with collections of its own. */
export function testQdrant(
  url: string = process.env.CAIRN_TEST_QDRANT_URL!,
  tenants: ReadonlyMap<string, number> = new Map(),
) {
  const apiKey = process.env.CAIRN_TEST_QDRANT_API_KEY;
  const prefixes = new Map<SearchIndex, string>();

  async function dropPrefix(prefix: string): Promise<void> {
    const headers = apiKey ? { "api-key": apiKey } : {};
    const response = await fetch(`${url}/collections`, { headers });
    const { result } = (await response.json()) as { result: { collections: { name: string }[] } };
    for (const { name } of result.collections) {
      if (name.startsWith(`${prefix}_`)) await fetch(`${url}/collections/${name}`, { method: "DELETE", headers });
    }
  }

  return {
    url,
    prefixOf: (index: SearchIndex): string => prefixes.get(index)!,
    open(prefix = `t${crypto.randomUUID().slice(0, 8)}`): SearchIndex {
      const index = openQdrantIndex({ url, apiKey, prefix, layout: { shards: 1, replicas: 1, tenants } });
      prefixes.set(index, prefix);
      return index;
    },
    dropPrefix,
    async dropAll(): Promise<void> {
      for (const prefix of new Set(prefixes.values())) await dropPrefix(prefix);
    },
  };
}
