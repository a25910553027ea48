import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { METRIC_NAMES } from "./metrics/registry.ts";

const language = z.enum(["en", "zh"]);
const path = z.string().min(1);

const data = z.discriminatedUnion("format", [
  /** Our own lines; paths are relative to the project. */
  z.strictObject({
    format: z.literal("golden"),
    questions: z.partialRecord(language, path),
    documents: path.optional(),
    folders: z.array(path).default([]),
  }),
  /** SQuAD's JSON, also of XQuAD, CMRC 2018 and ExpMRC; paths are relative to EVAL_DATA_DIR, as below. */
  z.strictObject({ format: z.literal("squad"), file: path, language }),
  /** BEIR's folders: corpus.jsonl, queries.jsonl, qrels/test.tsv. */
  z.strictObject({ format: z.literal("beir"), folder: path, language }),
  /** BIPIA's attacks, each inside an e-mail. */
  z.strictObject({ format: z.literal("bipia"), attacks: path, emails: path }),
  /** presidio's sentences with marked personal data. */
  z.strictObject({ format: z.literal("presidio"), file: path }),
]);

const schema = z.strictObject({
  description: z.string().min(1),
  /** `critical` blocks and must be there; `supporting` blocks when its data is there; `advisory` never blocks. */
  tier: z.enum(["critical", "supporting", "advisory"]),
  data,
  request: z.strictObject({
    /** Passages to ask the search for; without it the search is not asked. */
    search: z.strictObject({ top_k: z.int().min(1).max(50) }).optional(),
    /** Whether an answer is asked for, and whether its record is read for the support score. */
    chat: z.strictObject({ record: z.boolean().default(false) }).optional(),
  }),
  /** What a found passage is judged by: the gold span, or being of the right document. */
  relevance: z.enum(["span", "document"]).default("span"),
  metrics: z.array(z.enum(METRIC_NAMES)).min(1),
});

export type Suite = z.infer<typeof schema> & { readonly name: string };

/** A suite's file, named after the suite. Rejects naming the field that is wrong. */
export async function loadSuite(file: string): Promise<Suite> {
  const parsed = schema.safeParse(JSON.parse(await readFile(file, "utf8")));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, name: basename(file, ".json") };
}

/** The suites of these names, in their order. Rejects for a name that there is no file of. */
export async function loadSuites(folder: string, names: readonly string[]): Promise<Suite[]> {
  return Promise.all(
    names.map((name) =>
      loadSuite(join(folder, `${name}.json`)).catch((error: NodeJS.ErrnoException) => {
        throw error.code === "ENOENT" ? new Error(`There is no suite "${name}" in ${folder}.`) : error;
      }),
    ),
  );
}
