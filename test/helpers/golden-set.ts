import { readFileSync } from "node:fs";
import { z } from "zod";
import { parse } from "../../ingest/parse/parse.ts";

export const SUITE = "evals/suites/handbook";
export const LANGUAGES = ["en", "zh"] as const;
export const UNANSWERABLE = ["near_miss", "out_of_corpus", "nonsense", "other_user"] as const;
export const KINDS = [
  ...["short_fact", "procedure", "comparison", "two_pages", "follow_up", "typo", "injected"],
  ...["rough_form", "full_width", "traditional"],
  ...UNANSWERABLE,
] as const;

const Gold = z.strictObject({
  /** Path of the page from the root of the repository. */
  document: z.string(),
  quote: z.string().min(1),
  /** Unicode code points in the page's normalised text, `end` excluded. */
  start: z.int().nonnegative(),
  end: z.int().positive(),
  /** Of two pages that are both needed; without groups, any one span is enough. */
  group: z.union([z.literal(1), z.literal(2)]).optional(),
});

const Question = z.strictObject({
  id: z.string().regex(/^(en|zh)-\d{3}$/),
  kind: z.enum(KINDS),
  question: z.string().trim().min(1).max(8000),
  history: z.array(z.string().min(1)).min(1).optional(),
  expect: z.enum(["answered", "no_evidence"]),
  gold: z.array(Gold),
  /** What a right answer contains; alternatives are separated by `|`. */
  facts: z.array(z.string().min(1)),
  note: z.string().optional(),
});

export type Gold = z.infer<typeof Gold>;
export type Question = z.infer<typeof Question>;

export const questionFile = (language: string): string => `${SUITE}/${language}.jsonl`;

/** The questions of one language. Throws with the line that is not a question, and why. */
export function readQuestions(language: string): Question[] {
  const lines = readFileSync(questionFile(language), "utf8").trimEnd().split("\n");
  return lines.map((line, index) => {
    const read = Question.safeParse(JSON.parse(line));
    if (!read.success) throw new Error(`${questionFile(language)}:${index + 1}: ${z.prettifyError(read.error)}`);
    return read.data;
  });
}

const texts = new Map<string, string[]>();

/** The normalised text of a page as the product parses it today, one code point an item. */
export async function codePointsOf(document: string): Promise<readonly string[]> {
  const known = texts.get(document);
  if (known) return known;
  const parsed = await parse({ bytes: readFileSync(document), name: document });
  const points = [...parsed.text];
  texts.set(document, points);
  return points;
}

/** Where the quote stands now, in code points: the place nearest to where it stood, or nothing when it is gone. */
export async function whereNow({ document, quote, start }: Gold): Promise<number | undefined> {
  const text = (await codePointsOf(document)).join("");
  const places: number[] = [];
  for (let at = text.indexOf(quote); at >= 0; at = text.indexOf(quote, at + 1))
    places.push([...text.slice(0, at)].length);
  return places.sort((a, b) => Math.abs(a - start) - Math.abs(b - start))[0];
}
