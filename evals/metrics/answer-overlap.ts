import { answerTokens } from "./answer-tokens.ts";

/** 1 when the answer is one of the gold texts, after normalising; else 0. */
export function exactMatch(answer: string, golds: readonly string[]): number {
  const wanted = answerTokens(answer).join(" ");
  return golds.some((gold) => answerTokens(gold).join(" ") === wanted) ? 1 : 0;
}

/** Harmonic mean of the precision and recall of tokens, of the gold text that fits best (SQuAD's F1). */
export function tokenF1(answer: string, golds: readonly string[]): number {
  const given = answerTokens(answer);
  return best(golds, (gold) => {
    const wanted = answerTokens(gold);
    const left = new Map<string, number>();
    for (const token of wanted) left.set(token, (left.get(token) ?? 0) + 1);
    let common = 0;
    for (const token of given) {
      const count = left.get(token) ?? 0;
      if (count === 0) continue;
      left.set(token, count - 1);
      common += 1;
    }
    return harmonic(common, given.length, wanted.length);
  });
}

/** F1 of the longest common subsequence of tokens (ROUGE-L, Lin 2004), of the gold text that fits best. */
export function rougeL(answer: string, golds: readonly string[]): number {
  const given = answerTokens(answer);
  return best(golds, (gold) => {
    const wanted = answerTokens(gold);
    return harmonic(longestCommon(given, wanted), given.length, wanted.length);
  });
}

/**
 * Whether the answer says one of the alternatives, as a run of whole tokens: "1" is not said by "12". A number and its
 * unit are two tokens, with a space between them or without.
 */
export function says(answer: string, alternatives: readonly string[]): boolean {
  const text = ` ${withUnitsApart(answer)} `;
  return alternatives.some((one) => {
    const wanted = withUnitsApart(one);
    return wanted !== "" && text.includes(` ${wanted} `);
  });
}

const withUnitsApart = (text: string): string =>
  answerTokens(text)
    .flatMap((token) => token.split(/(?<=\p{N})(?=\p{L})|(?<=\p{L})(?=\p{N})/u))
    .join(" ");

function best(golds: readonly string[], score: (gold: string) => number): number {
  return Math.max(0, ...golds.map(score));
}

function harmonic(common: number, given: number, wanted: number): number {
  return common === 0 ? 0 : (2 * common) / (given + wanted);
}

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Uint32Array(b.length + 1);
  for (const token of a) {
    const next = new Uint32Array(b.length + 1);
    for (let j = 0; j < b.length; j++) {
      next[j + 1] = token === b[j] ? row[j]! + 1 : Math.max(next[j]!, row[j + 1]!);
    }
    row = next;
  }
  return row[b.length]!;
}
