import { meantBy } from "#shared/near-words.ts";
import { segmentHan, synonymsOf } from "#shared/synonyms.ts";
import { comparable, queryTerms, tokenize } from "#shared/tokenize.ts";

/** What another word of the same meaning is worth, as a share of the word itself. */
const SYNONYM = 0.9;
const HAN_RUNS = /(\p{Script=Han}+)/u;
const LONE_HAN = /^\p{Script=Han}$/u;
/** Stands for a word of the table, so that a question that has nothing else is not taken for one of stop words. */
const PLACE = "0";
const isHan = (text: string): boolean => /^\p{Script=Han}/u.test(text);
/** Words that say that two things are compared, but not which. */
const COMPARING = new Set(
  queryTerms(
    "difference differ different differs between versus vs compare compared comparison 区别 差别 不同 差异 不一样",
  ),
);

/** Words that fit every question. */
const GENERIC = new Set(
  queryTerms(
    "use used have has get work works happen mean say says tell like want please there about any some thing way already cairn 一个 一份 一下 这个 那个 已经 可以 告诉 我想 想要 怎么办 怎么回事 回事 操作 会不会 要不要 是不是 有没有 能不能 还在 用户 我的 你们 他们",
  ),
);
const GENERIC_SHARE = 0.3;
/** Two characters that belong to two words: 份数 in 备份数据. */
const SEAM_SHARE = 0.3;

const PARTICLE = /^[的了着过在里中上下把被让给和与跟或是有我你您要想能会就也都还到从对为以吗呢吧啊]$/;

export type Term = {
  readonly text: string;
  readonly others: readonly string[];
  /** How much of a term's rarity counts. */
  readonly share: number;
};

/** The terms of a question with the other words that evidence may use for them. `vocabulary` mends slips of the pen. */
export function questionTerms(question: string, vocabulary: ReadonlySet<string>): Term[] {
  const plain = comparable(question).replaceAll(/['’]s\b/g, "");
  const pieces = plain.split(HAN_RUNS).map((run, i) => (i % 2 === 1 ? segmentHan(run) : [run]));
  const terms = termsInOrder(plain, pieces.flat());
  const seams = new Set(pieces.flatMap(seamsOf));
  const shareOf = (text: string): number => (GENERIC.has(text) ? GENERIC_SHARE : seams.has(text) ? SEAM_SHARE : 1);
  const all = [...new Set(terms)].map(
    (text): Term => ({ text, others: othersOf(text, vocabulary), share: shareOf(text) }),
  );
  const telling = all.filter(({ text }) => !COMPARING.has(text));
  const kept = telling.length > 0 ? telling : all;
  // Who asks for nothing else means it: “What is Cairn?”.
  return kept.some(({ share }) => share === 1) ? kept : kept.map((term) => ({ ...term, share: 1 }));
}

/** 1 for the word itself, less for another of its meaning, 0 without either. The header of a table has to use the word itself. */
export function worthIn(
  { text, others }: Pick<Term, "text" | "others">,
  tokens: ReadonlySet<string>,
  header?: ReadonlySet<string>,
): number {
  if (holds(tokens, text) || header?.has(text)) return 1;
  return others.some((other) => holds(tokens, other)) ? SYNONYM : 0;
}

/** A long Chinese word may have been cut in two; its pairs of characters are always there. */
function holds(tokens: ReadonlySet<string>, word: string): boolean {
  if (tokens.has(word)) return true;
  if (word.length < 3 || !isHan(word)) return false;
  for (let i = 1; i < word.length; i++) if (!tokens.has(word.slice(i - 1, i + 1))) return false;
  return true;
}

/** The terms of a heading or clause that say what it is about. */
export function tellingTerms(text: string): string[] {
  const terms = questionTerms(text, new Set());
  return terms.filter(({ share }) => share === 1).map((term) => term.text);
}

/** A Chinese word of the table is one term, even a single 传 or 删, and not also the pairs of characters in and around it. */
function termsInOrder(question: string, pieces: readonly string[]): string[] {
  const parts: { text: string; known: boolean }[] = [];
  for (const text of pieces) {
    const known = isHan(text) && synonymsOf(text).length > 0;
    const last = parts.at(-1);
    if (last && !last.known && !known) parts[parts.length - 1] = { text: last.text + text, known };
    else parts.push({ text, known });
  }
  if (!parts.some(({ known }) => known)) return queryTerms(question);
  const content = new Set(queryTerms(parts.map(({ text, known }) => (known ? ` ${PLACE} ` : text)).join("")));
  return parts.flatMap(({ text, known }) =>
    known ? [text] : tokenize(text).filter((term) => content.has(term) && !LONE_HAN.test(term)),
  );
}

function seamsOf(words: readonly string[]): string[] {
  return words.slice(1).flatMap((word, i) => {
    const before = words[i]!;
    const apart = (before.length > 1 && word.length > 1) || PARTICLE.test(before) || PARTICLE.test(word);
    return apart ? [before.at(-1)! + word[0]!] : [];
  });
}

function othersOf(term: string, vocabulary: ReadonlySet<string>): readonly string[] {
  const others = synonymsOf(term);
  if (vocabulary.has(term) || others.some((other) => vocabulary.has(other))) return others;
  const meant = meantBy(term, vocabulary);
  return meant === undefined ? others : [...others, meant, ...synonymsOf(meant)];
}
