import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { digestOfJson, sha256 } from "./digest.ts";

const share = z.number().min(0).max(1);

const weights = z.record(z.string(), z.number());

/** Learned: see `bench/README.md`. Names are those of the readings; a name that is absent counts for nothing. */
const rankingSchema = z.strictObject({
  version: z.literal(1),
  passage: weights,
  support: z.strictObject({ bias: z.number(), weights }),
});

const releaseSchema = z.strictObject({
  name: z.string().min(1),
  prompts: z.strictObject({ answer: z.string() }),
  ranking: z.string(),
  models: z.strictObject({ chat: z.string() }),
  retrieval: z.strictObject({
    candidates: z.int().min(1).max(500),
    evidence: z.int().min(1).max(50),
    chunks_per_document: z.int().min(1),
    token_budget: z.int().min(100),
    /** `lexical` and `dense`. A leg that an index has not got, or that failed, leaves its share to the others. */
    fusion: z.strictObject({ method: z.literal("min-max"), weights: z.record(z.string(), share) }),
  }),
  thresholds: z.strictObject({ support: share }),
  /** Questions that a newcomer may begin with, by language. */
  examples: z.record(z.string(), z.array(z.string().min(1).max(200)).max(12)).default({}),
  generation: z.strictObject({ temperature: z.number().min(0).max(2), max_tokens: z.int().min(1) }),
});

/** The content-addressed configuration that an answer is made with. */
export type Release = Omit<z.infer<typeof releaseSchema>, "ranking"> & {
  readonly ranking: z.infer<typeof rankingSchema>;
  readonly digest: string;
  readonly instructions: string;
  readonly promptDigest: string;
};

/** Reads `release.json` and its prompts. The digest covers every part by its own digest. Rejects naming the bad field. */
export async function loadRelease(folder: string): Promise<Release> {
  const release = await readChecked(folder, "release.json", releaseSchema);
  const ranking = await readChecked(folder, release.ranking, rankingSchema);
  const prompt = await readFile(join(folder, release.prompts.answer));
  const promptDigest = sha256(prompt);
  return {
    ...release,
    ranking,
    digest: digestOfJson({ ...release, ranking: digestOfJson(ranking), prompts: { answer: promptDigest } }),
    instructions: prompt.toString("utf8").trim(),
    promptDigest,
  };
}

async function readChecked<T>(folder: string, file: string, schema: z.ZodType<T>): Promise<T> {
  const raw: unknown = JSON.parse(await readFile(join(folder, file), "utf8"));
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw new Error(`${folder}/${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
