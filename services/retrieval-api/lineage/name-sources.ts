import type { Tag } from "#shared/lineage/tag-schema.ts";
import type { Candidate } from "../retrieval/retrieve.ts";

const MAX_BYTES = 4096;
const MAX_TITLE = 120;
const MAX_URI = 240;

/** What a document is called where room is short. By code points: half of a surrogate pair would be no text. */
export const shortName = ({ title, uri }: { readonly title: string; readonly uri: string }) => ({
  title: start(title, MAX_TITLE),
  uri: start(uri, MAX_URI),
});

const start = (text: string, length: number): string => Array.from(text).slice(0, length).join("");

/** A tag for people: with the titles and addresses of its sources, the first ones where all would make it too large. */
export function withNames(tag: Tag, evidence: readonly Candidate[]): object {
  const build = (named: number): object => ({
    ...tag,
    sources: tag.sources.map((source, i) => {
      const document = evidence[source.rank - 1]?.document;
      return i < named && document ? { ...source, ...shortName(document) } : source;
    }),
  });
  let named = tag.sources.length;
  while (named > 0 && Buffer.byteLength(JSON.stringify(build(named))) > MAX_BYTES) named -= 1;
  return build(named);
}
