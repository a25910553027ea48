import { meantBy, segmentHan, synonymsOf } from "#shared/synonyms.ts";
import { queryTerms } from "#shared/tokenize.ts";

/** What another word of the same meaning is worth, as a share of the word itself. */
const SYNONYM = 0.85;
const HAN_RUN = /\p{Script=Han}+/gu;
/** Words that say that two things are compared, but not which. */
const COMPARING = new Set(
  queryTerms(
    "difference differ different differs between versus vs compare compared comparison 区别 差别 不同 差异 不一样",
  ),
);

export type Term = { readonly text: string; readonly others: readonly string[] };

/** The terms of a question with the other words that evidence may use for them. `vocabulary` mends slips of the pen. */
export function questionTerms(question: string, vocabulary: ReadonlySet<string>): Term[] {
  const plain = question.normalize("NFKC");
  const terms = queryTerms(plain);
  // The index drops single characters, but 传 and 删 say what is asked.
  const verbs = [...plain.matchAll(HAN_RUN)]
    .flatMap(([run]) => segmentHan(run))
    .filter((word) => !terms.includes(word) && synonymsOf(word).length > 0);
  const all = [...new Set([...terms, ...verbs])].map((text): Term => ({ text, others: othersOf(text, vocabulary) }));
  const telling = all.filter(({ text }) => !COMPARING.has(text));
  return telling.length > 0 ? telling : all;
}

/** 1 for the word itself, less for another of its meaning, 0 without either. */
export function worthIn({ text, others }: Term, tokens: ReadonlySet<string>): number {
  if (tokens.has(text)) return 1;
  return others.some((other) => tokens.has(other)) ? SYNONYM : 0;
}

function othersOf(term: string, vocabulary: ReadonlySet<string>): readonly string[] {
  const others = synonymsOf(term);
  if (vocabulary.has(term) || others.some((other) => vocabulary.has(other))) return others;
  const meant = meantBy(term, vocabulary);
  return meant === undefined ? others : [...others, meant, ...synonymsOf(meant)];
}
