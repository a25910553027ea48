import { writeFileSync } from "node:fs";
import { LANGUAGES, questionFile, readQuestions, whereNow } from "../helpers/golden-set.ts";

/**
 * Moves the golden set's offsets after pages have changed: each quote to the nearest place where it stands now.
 * A quote that is gone is named and left, because only a reader can say what the page answers now.
 */
for (const language of LANGUAGES) {
  const questions = readQuestions(language);
  for (const { id, gold } of questions) {
    for (const span of gold) {
      const now = await whereNow(span);
      if (now === undefined) console.error(`${id}: ${span.document} no longer says "${span.quote}"`);
      else [span.start, span.end] = [now, now + [...span.quote].length];
    }
  }
  writeFileSync(questionFile(language), questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
}
