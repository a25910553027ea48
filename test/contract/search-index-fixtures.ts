import type { Chunk } from "#shared/chunk.ts";
import type { Filing, SearchIndex } from "#shared/index.ts";
import { type Principal, type SearchScope, scopeOf } from "#shared/principal.ts";

/** More than any of these tests writes. */
export const LIMIT = 1000;
export const open: Filing = { tenant: "acme", collection: "default", acl: ["tenant"] };

export const chunk = (versionId: string, start: number, text: string, more: Partial<Chunk> = {}): Chunk => ({
  ...{ id: `${versionId}:${start}`, documentId: `doc-${versionId}`, versionId, title: "", headingPath: [] },
  ...{ page: undefined, start, end: start + Array.from(text).length, text, ...more },
});
export const principal = (more: Partial<Principal> = {}): Principal => ({
  ...{ tenant: "acme", subject: "ann", groups: [], scopes: ["chat"], ...more },
});
export const everyone = scopeOf(principal());

export async function find(index: SearchIndex, question: string, scope: SearchScope = everyone, limit = LIMIT) {
  const { legs } = await index.search(question, scope, limit, AbortSignal.timeout(20_000));
  return legs.lexical!.map((hit) => hit.chunk);
}
export const idsOf = (chunks: readonly Chunk[]): string[] => chunks.map(({ id }) => id).sort();
