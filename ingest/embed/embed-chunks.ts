import { concurrently } from "#shared/concurrently.ts";
import { AppError } from "#shared/errors.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import type { Generation, SearchIndex, Unembedded } from "#shared/index.ts";
import { passageText } from "#shared/passage-text.ts";

/** Passages a turn: what is done is in the index after it, so a worker that dies loses no more. */
const PAGE = 64;
const REQUEST = 16;
const REQUESTS_AT_ONCE = 4;
/** A text that is too long for a model is tried by halves, so often. */
const MAX_HALVINGS = 5;

export type VectorIndex = Pick<SearchIndex, "generations" | "withoutVectors" | "writeVectors">;
export type Turn = {
  readonly written: number;
  /** Passages that still wait, of all generations. */
  readonly left: number;
};

/**
 * One turn: some passages that wait for a vector get it, those of the live generation first. The index knows which
 * wait, so nothing else has to be remembered. Rejects with a retryable `AppError` when the gateway wants a pause, and
 * with `conflict` when the gateway's embedder is another than the generation's.
 */
export async function embedChunks(index: VectorIndex, embed: Embed, signal: AbortSignal): Promise<Turn> {
  const open = (await index.generations()).filter(({ status, manifest }) => status !== "retired" && manifest.embedder);
  let [written, left] = [0, 0];
  for (const generation of open.toSorted(liveFirst)) {
    const { total, chunks } = await index.withoutVectors(generation.id, written > 0 ? 1 : PAGE);
    left += total;
    if (written > 0 || chunks.length === 0) continue;
    await embedPage(index, embed, generation, chunks, signal);
    written = chunks.length;
    left -= written;
  }
  return { written, left };
}

const liveFirst = (a: Generation, b: Generation): number => Number(b.status === "live") - Number(a.status === "live");

async function embedPage(
  index: VectorIndex,
  embed: Embed,
  { id, manifest }: Generation,
  chunks: readonly Unembedded[],
  signal: AbortSignal,
): Promise<void> {
  const requests = Array.from({ length: Math.ceil(chunks.length / REQUEST) }, (_, i) =>
    chunks.slice(i * REQUEST, (i + 1) * REQUEST),
  );
  await concurrently(requests, REQUESTS_AT_ONCE, async (some) => {
    const values = await vectorsOf(embed, manifest, some, signal);
    await index.writeVectors(
      id,
      manifest.embedder!,
      some.map((one, i) => ({ ...one, values: values[i]! })),
    );
  });
}

async function vectorsOf(
  embed: Embed,
  { embedder }: Generation["manifest"],
  chunks: readonly Unembedded[],
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const texts = chunks.map(({ chunk }) => passageText(chunk));
  const ask = async (some: readonly string[]): Promise<Float32Array[]> => {
    const { vectors, by } = await embed("passage", some, signal);
    if (by.embedder === embedder) return vectors.map(({ values }) => values);
    throw new AppError("conflict", `The gateway embeds with ${by.embedder}, the index is built with ${embedder}.`);
  };
  try {
    return await ask(texts);
  } catch (error) {
    if (!isRefused(error)) throw error;
    // One text of them may be too long for the model; it must not keep the others from their vectors.
    const alone: Float32Array[] = [];
    for (const text of texts) alone.push(await shortened(ask, text));
    return alone;
  }
}

async function shortened(ask: (some: readonly string[]) => Promise<Float32Array[]>, whole: string) {
  for (let text = whole, halvings = 0; ; halvings++) {
    try {
      const [values] = await ask([text]);
      return values!;
    } catch (error) {
      if (!isRefused(error) || halvings === MAX_HALVINGS) throw error;
      text = text.slice(0, text.length / 2);
    }
  }
}

const isRefused = (error: unknown): boolean => error instanceof AppError && error.code === "invalid_request";
