import { languageOf } from "#shared/language.ts";
import { hasAnswerOf, questionKind } from "#shared/question-kind.ts";
import { withSoundsMended } from "#shared/sound-alikes.ts";
import { comparable, pairTerms } from "#shared/tokenize.ts";
import { type ContentWord, isIn, type Passage, passageOf, presence, tellingOf } from "./content-words.ts";
import { cutPassage, type Heading } from "./cut-passage.ts";
import { coverageOf, HELD, namesIn, type WeighedWord, weighWords } from "./question-words.ts";
import type { Candidate } from "./retrieve.ts";

/** What can be said of a candidate beside the question, by name, in [0, 1]. The release says what each is worth. */
export type Reading = Readonly<Record<string, number>>;
type Unread = Pick<Candidate, "chunk" | "document" | "score">;

/** In code points. Before the first passage of a document stands at most its title. */
const OPENING = 120;

/**
 * The candidates in their order, beside the question. For a question without any word of content, or candidates
 * without any text of it, only the score of the search.
 */
export function readCandidates(asked: string, candidates: readonly Unread[]): Reading[] {
  const cuts = candidates.map(cutPassage);
  const question = withSoundsMended(
    comparable(asked),
    (pair) => cuts.filter(({ whole }) => whole.terms.has(pair)).length,
  );
  const words = weighWords(
    question,
    cuts.map(({ whole }) => whole),
  );
  if (words.length === 0) return candidates.map(({ score }) => ({ score }));
  const kind = questionKind(question);
  const language = languageOf(question);
  const pairs = pairsOf(pairTerms(question));
  const names = namesIn(question);
  const ask = passageOf([question, ...words.flatMap(({ others }) => others)].join(" "));
  const likeness = new Map<string, number>();
  const likenessOf = (heading: Heading): number => {
    const known = likeness.get(heading.name) ?? coverageOf(words, heading.passage) * sharedBy(heading, ask);
    likeness.set(heading.name, known);
    return known;
  };
  return candidates.map(({ chunk, score }, i): Reading => {
    const cut = cuts[i]!;
    // What the passage has nowhere, no part of it has: most other words of a meaning need not be looked for again.
    const here = words.flatMap((word) => {
      const held = presence(word, cut.whole);
      return held > 0 ? [{ ...heldBy(word, cut.whole), held }] : [];
    });
    const shares = (passage: Passage): number[] => here.map((word) => presence(word, passage) * word.weight);
    const above = shares(cut.heading);
    const spoken = cut.sentences.map(shares);
    return {
      score,
      support: sumOf(here.map(({ held, weight }) => held * weight)),
      exact: sumOf(here.map((word) => (isHeld({ ...word, others: [] }, cut.whole) ? word.weight : 0))),
      leaf: likenessOf(cut.leaf),
      title: sumOf(shares(cut.title.passage)),
      titleLike: likenessOf(cut.title),
      heading: sumOf(above),
      lead: sumOf(shares(cut.lead)),
      path: coverageOf(words, cut.path),
      opening: chunk.start < OPENING ? 1 : 0,
      sentence: Math.max(0, ...spoken.map(sumOf)),
      sentenceUnderHeading: Math.max(
        0,
        ...spoken.map((sentence) => sumOf(sentence.map((share, w) => Math.max(share, above[w]!)))),
      ),
      missing: heaviest(words.filter((word) => !isHeld(word, cut.whole))),
      missingExact: heaviest(words.filter((word) => !isHeld({ ...word, others: [] }, cut.whole))),
      pairs: adjacent(pairs, cut.terms),
      unnamed: names.length === 0 ? 0 : names.filter((name) => !cut.whole.text.includes(name)).length / names.length,
      answers: hasAnswerOf(kind, chunk.text, question) ? 1 : 0,
      procedure: kind === "how-to" && cut.hasSteps ? 1 : 0,
      native: cut.language === language ? 1 : 0,
    };
  });
}

const isHeld = (word: ContentWord, passage: Passage): boolean => presence(word, passage) >= HELD;
const heaviest = (words: readonly WeighedWord[]): number => Math.max(0, ...words.map(({ weight }) => weight));
const sumOf = (shares: readonly number[]): number => shares.reduce((sum, share) => sum + share, 0);

/** The word with those of its meaning only that the passage has. */
function heldBy(word: WeighedWord, passage: Passage): WeighedWord {
  return { ...word, others: word.others.filter((other) => isIn(other, passage)) };
}

type Pairs = { readonly after: ReadonlyMap<string, ReadonlySet<string>>; readonly count: number };

function pairsOf(terms: readonly string[]): Pairs {
  const after = new Map<string, Set<string>>();
  for (const [i, term] of terms.slice(1).entries()) after.set(terms[i]!, (after.get(terms[i]!) ?? new Set()).add(term));
  return { after, count: sumOf([...after.values()].map(({ size }) => size)) };
}

/** Share of the question's neighbouring terms that a text has side by side. */
function adjacent({ after, count }: Pairs, sentences: readonly (readonly string[])[]): number {
  if (count === 0) return 0;
  const held = new Set<string>();
  for (const terms of sentences) {
    for (let i = 1; i < terms.length; i++) {
      if (after.get(terms[i - 1]!)?.has(terms[i]!)) held.add(`${terms[i - 1]} ${terms[i]}`);
    }
  }
  return held.size / count;
}

/** Share of a heading's words that the question has as well: the rest is about something else. */
function sharedBy({ words }: Heading, ask: Passage): number {
  if (words.length === 0) return 0;
  const total = words.reduce((sum, word) => sum + tellingOf(word), 0);
  return words.reduce((sum, word) => sum + tellingOf(word) * presence(word, ask), 0) / total;
}
