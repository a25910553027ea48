import { globSync, readFileSync } from "node:fs";
import type { Chunk } from "#shared/chunk.ts";
import type { Filing } from "#shared/index.ts";
import { chunkDocument } from "../../ingest/chunk/chunk.ts";
import { parse } from "../../ingest/parse/parse.ts";

export type CorpusEntry = { readonly filing: Filing; readonly versionId: string; readonly chunks: readonly Chunk[] };

/** The handbook as the pipeline cuts it: pages of both languages, every third for one group only. */
export async function handbookCorpus(): Promise<CorpusEntry[]> {
  const entries: CorpusEntry[] = [];
  for (const [i, path] of globSync("docs/{en,zh}/*.md").sort().entries()) {
    const parsed = await parse({ bytes: readFileSync(path), name: path, mediaType: "text/markdown" });
    const shared = { documentId: path, versionId: path, title: parsed.title };
    const chunks = chunkDocument(parsed).map((passage) => ({ ...passage, ...shared, id: `${path}:${passage.start}` }));
    const acl = i % 3 === 0 ? ["group:operators"] : ["tenant"];
    entries.push({ filing: { tenant: "acme", collection: i % 2 === 0 ? "a" : "b", acl }, versionId: path, chunks });
  }
  return entries;
}

/** Questions about the corpus: headings, sentences, and words with a slip, in both languages. */
export function questionsOf(corpus: readonly CorpusEntry[], count: number): string[] {
  const chunks = corpus.flatMap((entry) => entry.chunks);
  const all = chunks.flatMap(({ headingPath, text, title }) => {
    const sentences = text.split(/(?<=[.。?？])\s*/u).filter((sentence) => sentence.length > 8);
    return [`${title} ${headingPath.at(-1) ?? ""}`, ...sentences.map((sentence) => sentence.slice(0, 160))];
  });
  const step = all.length / (count * 0.9);
  const picked = Array.from({ length: Math.ceil(count * 0.9) }, (_, i) => all[Math.floor(i * step)]!);
  const slips = picked
    .slice(0, count - picked.length)
    .map((question) => question.replace(/([a-z])([a-z])([a-z]{4})/, "$2$1$3"));
  return [...picked, ...slips];
}
