import { languageOf } from "#shared/language.ts";

const NO_EVIDENCE = {
  en: "I could not find an answer to this in the documents that you may read. Try other words, or add a document that covers it.",
  zh: "在您有权阅读的文档中，我没有找到这个问题的答案。请换一种说法，或添加包含相关内容的文档。",
} as const;

/** What a user reads when the documents do not answer, in the question's language. */
export function noEvidenceText(question: string): string {
  return NO_EVIDENCE[languageOf(question)];
}
