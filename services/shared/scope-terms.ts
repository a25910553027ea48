import { sha256 } from "./digest.ts";
import type { Filing } from "./index.ts";

/** `SearchScope` without its brand, which does not cross threads. */
export type Filter = {
  readonly tenant: string;
  readonly acl: readonly string[];
  readonly collections: readonly string[] | undefined;
};

const tokenOf = (kind: string, ...parts: string[]): string => kind + sha256(JSON.stringify(parts)).slice(0, 20);
const aclToken = (tenant: string, entry: string): string => tokenOf("a", tenant, entry);
const collectionToken = (tenant: string, collection: string): string => tokenOf("c", tenant, collection);

/** Who may find a chunk, as index terms. Every token holds the tenant, so that an entry of one tenant can never open a document of another. */
export function scopeOfFiling({ tenant, acl, collection }: Filing): string {
  return [collectionToken(tenant, collection), ...acl.map((entry) => aclToken(tenant, entry))].join(" ");
}

/** Whether a filter lets through what `scopeOfFiling` gave. */
export function passes({ tenant, acl, collections }: Filter): (scope: string) => boolean {
  const readers = new Set(acl.map((entry) => aclToken(tenant, entry)));
  const places = collections && new Set(collections.map((name) => collectionToken(tenant, name)));
  return (scope) => {
    const [place, ...entries] = scope.split(" ");
    return (places === undefined || places.has(place!)) && entries.some((entry) => readers.has(entry));
  };
}
