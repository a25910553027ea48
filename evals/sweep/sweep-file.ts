import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { METRIC_NAMES } from "../metrics/registry.ts";

const schema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, "must be lower-case letters, digits and dashes"),
  suite: z.string(),
  /** What the cells are ranked by, in the language where it is worse. */
  metric: z.enum(METRIC_NAMES),
  /** Ask only so many questions. */
  limit: z.int().min(10).optional(),
  /** By field of the release, such as `retrieval.evidence`: the values to try. */
  grid: z.record(z.string(), z.array(z.union([z.string(), z.number()])).min(1)),
});

export type Sweep = z.infer<typeof schema>;

/** A sweep's YAML file. Rejects naming the field that is wrong. */
export async function loadSweep(file: string): Promise<Sweep> {
  const parsed = schema.safeParse(parse(await readFile(file, "utf8")));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
