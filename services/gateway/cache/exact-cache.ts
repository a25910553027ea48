import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";

export type CacheSettings = { readonly ttlMs: number; readonly maxBytes: number };

const ENTRY_BYTES = 200;

/**
 * What the same question has been answered before. Keys are digests of everything that may change the answer, and of
 * the tenant: a hit tells how long somebody's question took, so it must not be somebody else's.
 */
export function exactCache({ ttlMs, maxBytes }: CacheSettings) {
  const entries = new LRUCache<string, object>({ ttl: ttlMs, maxSize: maxBytes });
  return {
    get: <T extends object>(key: string): T | undefined => entries.get(key) as T | undefined,
    set: (key: string, value: object, bytes: number): void =>
      void entries.set(key, value, { size: bytes + ENTRY_BYTES }),
  };
}

export type ExactCache = ReturnType<typeof exactCache>;

export function cacheKey(tenant: string, parts: readonly unknown[]): string {
  return hash("sha256", JSON.stringify([tenant, ...parts]), "base64url");
}
