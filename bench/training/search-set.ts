import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scopeOf } from "#shared/principal.ts";
import type { Release } from "#shared/release.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { chunkDocument } from "../../ingest/chunk/chunk.ts";
import { parse } from "../../ingest/parse/parse.ts";
import { fuse } from "../../services/retrieval-api/retrieval/fuse.ts";
import type { Candidate } from "../../services/retrieval-api/retrieval/retrieve.ts";
import type { Source } from "./question-set.ts";

const PRINCIPAL = { tenant: "bench", subject: "bench", groups: [], scopes: [] };
const FILING = { tenant: "bench", collection: "default", acl: ["tenant"] as const };

export type Search = (question: string) => Promise<Candidate[]>;

/** Indexes the sources as the product does and hands `use` its search, before any ranking. */
export async function withSearch<T>(
  sources: readonly Source[],
  { retrieval }: Pick<Release, "retrieval">,
  use: (search: Search) => Promise<T>,
): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "cairn-train-"));
  const index = openSqliteIndex(join(home, "index.db"));
  try {
    const titles = new Map<string, string>();
    for (const { id, title, bytes, name } of sources) {
      if (bytes.length === 0) continue;
      const parsed = await parse({ bytes, name });
      titles.set(id, title ?? parsed.title ?? name);
      const shared = { documentId: id, versionId: id, title: titles.get(id)! };
      const chunks = chunkDocument(parsed).map((passage) => ({ ...passage, ...shared, id: `${id}:${passage.start}` }));
      await index.write({ ...FILING, acl: [...FILING.acl] }, id, chunks);
    }
    return await use(async (question) => {
      const { candidates, fusion } = retrieval;
      const { legs } = await index.search(question, scopeOf(PRINCIPAL), candidates, AbortSignal.timeout(60_000));
      return fuse(legs, fusion.weights, candidates).map((hit) => ({
        ...hit,
        document: confirmed(hit.chunk.documentId, titles),
      }));
    });
  } finally {
    await index.close();
    rmSync(home, { recursive: true });
  }
}

function confirmed(id: string, titles: ReadonlyMap<string, string>): Candidate["document"] {
  const title = titles.get(id) ?? "";
  return {
    documentId: id,
    versionId: id,
    title,
    uri: id,
    collection: "default",
    salt: "",
    textCommitment: "",
    current: true,
  };
}
