import { CHUNKER_VERSION } from "#shared/chunk.ts";
import type { Generation } from "#shared/index.ts";
import { tokenizerVersion } from "#shared/tokenize.ts";

/** What a new generation says of itself, beside the embedder. */
export const manifestWith = (embedder: Generation["manifest"]): Generation["manifest"] => ({
  tokenizer: tokenizerVersion,
  chunker: CHUNKER_VERSION,
  ...embedder,
});
