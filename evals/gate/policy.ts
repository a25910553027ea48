import { readFile } from "node:fs/promises";
import { z } from "zod";
import { METRIC_NAMES } from "../metrics/registry.ts";

const metric = z.enum(METRIC_NAMES);
const value = z.number().min(0);
/** One figure for both languages, or one for each. */
const perLanguage = z.union([value, z.strictObject({ en: value.optional(), zh: value.optional() })]);

const rule = z.strictObject({
  metric,
  /** Only questions of these kinds, or with this expected outcome. */
  kinds: z.array(z.string()).optional(),
  expect: z.enum(["answered", "no_evidence"]).optional(),
  /** For metrics where more is better. */
  floor: perLanguage.optional(),
  /** For metrics where less is better. */
  ceiling: value.optional(),
  /** How far the mean may get worse than the blessed baseline, in each language. */
  max_drop: value.optional(),
  /** The same for each kind of question within a language. */
  max_drop_each_kind: value.optional(),
});

const schema = z.strictObject({
  /** By suite, in the order in which they run. */
  suites: z.record(z.string(), z.array(rule)),
  /** Suites over the same content in two languages, which must not be far apart. */
  parity: z.array(z.strictObject({ metric, suites: z.tuple([z.string(), z.string()]), max_gap: value })).default([]),
});

export type Policy = z.infer<typeof schema>;
export type Rule = z.infer<typeof rule>;

/** The release's `evaluation.json`. Rejects naming the field that is wrong. */
export async function loadPolicy(file: string): Promise<Policy> {
  const parsed = schema.safeParse(JSON.parse(await readFile(file, "utf8")));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
