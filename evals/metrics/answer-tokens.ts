const ARTICLE = /\b(?:a|an|the)\b/g;
/** Punctuation of every script, and the ASCII symbols that SQuAD's own script deletes. */
const DELETED = /[\p{P}$+<=>^`|~]/gu;
const PIECE = /\p{Script=Han}|[^\s\p{Script=Han}]+/gu;

/**
 * An answer's tokens as SQuAD's evaluation script normalises them: lower case, no punctuation, no articles. Full-width
 * forms are folded first (NFKC), and each Han character is a token of its own, because Chinese has no spaces.
 */
export function answerTokens(text: string): string[] {
  const plain = text.normalize("NFKC").toLowerCase().replaceAll(DELETED, "").replaceAll(ARTICLE, " ");
  return plain.match(PIECE) ?? [];
}
