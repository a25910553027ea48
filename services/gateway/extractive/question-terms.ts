import { meantBy, segmentHan, synonymsOf } from "#shared/synonyms.ts";
import { queryTerms } from "#shared/tokenize.ts";

/** What another word of the same meaning is worth, as a share of the word itself. */
const SYNONYM = 0.9;
const HAN_RUN = /\p{Script=Han}+/gu;
/** Words that say that two things are compared, but not which. */
const COMPARING = new Set(
  queryTerms(
    "difference differ different differs between versus vs compare compared comparison 区别 差别 不同 差异 不一样",
  ),
);

/** Words that fit every question. */
const GENERIC = new Set(
  queryTerms(
    "use used have has get work works happen mean like want please there about any some thing way already cairn 一个 一份 一下 这个 那个 已经 可以 我想 想要 怎么办 操作",
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
  const plain = question.normalize("NFKC").replaceAll(/['’]s\b/g, "");
  const terms = queryTerms(plain);
  // The index drops single characters, but 传 and 删 say what is asked.
  const runs = [...plain.matchAll(HAN_RUN)].map(([run]) => segmentHan(run));
  const verbs = runs.flat().filter((word) => !terms.includes(word) && synonymsOf(word).length > 0);
  const seams = new Set(runs.flatMap(seamsOf));
  const shareOf = (text: string): number => (GENERIC.has(text) ? GENERIC_SHARE : seams.has(text) ? SEAM_SHARE : 1);
  const all = [...new Set([...terms, ...verbs])].map(
    (text): Term => ({ text, others: othersOf(text, vocabulary), share: shareOf(text) }),
  );
  const telling = all.filter(({ text }) => !COMPARING.has(text));
  return telling.length > 0 ? telling : all;
}

/** 1 for the word itself, less for another of its meaning, 0 without either. The header of a table has to use the word itself. */
export function worthIn(
  { text, others }: Pick<Term, "text" | "others">,
  tokens: ReadonlySet<string>,
  header?: ReadonlySet<string>,
): number {
  if (tokens.has(text) || header?.has(text)) return 1;
  return others.some((other) => tokens.has(other)) ? SYNONYM : 0;
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
