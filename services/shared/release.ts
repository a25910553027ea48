import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { digestOfJson, sha256 } from "./digest.ts";

const share = z.number().min(0).max(1);

const releaseSchema = z.strictObject({
  name: z.string().min(1),
  prompts: z.strictObject({ answer: z.string() }),
  models: z.strictObject({ chat: z.string() }),
  retrieval: z.strictObject({
    candidates: z.int().min(1).max(500),
    evidence: z.int().min(1).max(50),
    chunks_per_document: z.int().min(1),
    token_budget: z.int().min(100),
    fusion: z.strictObject({ method: z.literal("min-max"), weights: z.record(z.string(), share) }),
  }),
  thresholds: z.strictObject({ support: share }),
  /** Questions that a newcomer may begin with, by language. */
  examples: z.record(z.string(), z.array(z.string().min(1).max(200)).max(12)).default({}),
  generation: z.strictObject({ temperature: z.number().min(0).max(2), max_tokens: z.int().min(1) }),
});

/** The content-addressed configuration that an answer is made with. */
export type Release = z.infer<typeof releaseSchema> & {
  readonly digest: string;
  readonly instructions: string;
  readonly promptDigest: string;
};

/** Reads `release.json` and its prompts. The digest covers every part by its own digest. Rejects naming the bad field. */
export async function loadRelease(folder: string): Promise<Release> {
  const raw: unknown = JSON.parse(await readFile(join(folder, "release.json"), "utf8"));
  const parsed = releaseSchema.safeParse(raw);
  if (!parsed.success) throw new Error(`${folder}/release.json: ${z.prettifyError(parsed.error)}`);
  const release = parsed.data;
  const prompt = await readFile(join(folder, release.prompts.answer));
  const promptDigest = sha256(prompt);
  return {
    ...release,
    digest: digestOfJson({ ...release, prompts: { answer: promptDigest } }),
    instructions: prompt.toString("utf8").trim(),
    promptDigest,
  };
}
