import type { Chunk } from "./chunk.ts";
import { headingTerm } from "./heading-terms.ts";
import { TermCounts } from "./term-counts.ts";
import { type IndexTerms, indexTerms } from "./tokenize.ts";

export type Passage = { readonly heading: string; readonly text: string };
export type CountedPassage = IndexTerms & { readonly counts: TermCounts };

/** What is indexed with a chunk's text: its title and headings, a line each. */
export const headingOf = ({ title, headingPath }: Pick<Chunk, "title" | "headingPath">): string =>
  [title, ...headingPath].join("\n");

/** The terms of a document version: of each passage, headings included, and of the whole, where a heading counts once. */
export function countTerms(passages: readonly Passage[]): { whole: TermCounts; passages: CountedPassage[] } {
  const headings = new Map<string, IndexTerms>();
  const whole = new TermCounts();
  const counted = passages.map(({ heading, text }) => {
    const body = indexTerms(text);
    const head = headings.get(heading) ?? termsOfHeading(heading);
    headings.set(heading, head);
    const counts = new TermCounts().add(body);
    whole.merge(counts);
    counts.add(head);
    return { counts, words: [...head.words, ...body.words], aids: [...head.aids, ...body.aids] };
  });
  for (const head of headings.values()) whole.add(head);
  return { whole, passages: counted };
}

function termsOfHeading(path: string): IndexTerms {
  const { words, aids } = indexTerms(path);
  const last = headingTerm(path.slice(path.lastIndexOf("\n") + 1));
  return { words, aids: last === undefined ? aids : [...aids, last] };
}
