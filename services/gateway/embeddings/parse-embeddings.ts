import { AppError } from "#shared/errors.ts";

const MAX_DIMENSIONS = 65_536;

type Loose = {
  data?: { index?: unknown; embedding?: unknown }[];
  usage?: { prompt_tokens?: unknown } | null;
};

/** An OpenAI embeddings response of `count` vectors, in the order of the texts whatever order they came in. */
export function parseEmbeddings(
  value: unknown,
  count: number,
): { vectors: Float32Array[]; promptTokens: number | undefined } {
  const { data, usage } = (value ?? {}) as Loose;
  if (!Array.isArray(data) || data.length !== count) throw strange(`not ${count} embeddings`);
  const vectors = new Array<Float32Array | undefined>(count).fill(undefined);
  for (const [at, item] of data.entries()) {
    const index = typeof item?.index === "number" ? item.index : at;
    if (!(index in vectors) || vectors[index]) throw strange("an embedding out of order");
    vectors[index] = vectorOf(item?.embedding);
  }
  const dimensions = vectors[0]!.length;
  if (vectors.some((vector) => vector!.length !== dimensions)) throw strange("embeddings of different lengths");
  const tokens = usage?.prompt_tokens;
  return {
    vectors: vectors as Float32Array[],
    promptTokens: Number.isInteger(tokens) && (tokens as number) >= 0 ? (tokens as number) : undefined,
  };
}

function vectorOf(value: unknown): Float32Array {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_DIMENSIONS) throw strange("no embedding");
  const vector = Float32Array.from(value as number[]);
  if (!value.every((x) => typeof x === "number") || !vector.every(Number.isFinite)) throw strange("no numbers");
  return vector;
}

const strange = (what: string): AppError => new AppError("upstream_failed", `The model server sent ${what}.`);
