import { join } from "node:path";
import { loadTokenizer } from "./load-tokenizer.ts";
import { loadRuntime, type Output, type Session } from "./runtime.ts";

/** Positions that models of BERT's family have. */
const MAX_TOKENS = 512;
const QUIET = 3;

export type Embedded = { readonly vector: Float32Array; readonly tokens: number };
/** A text's vector, of length 1. One text at a time: with dynamic quantisation a vector depends on its batch. */
export type EmbedText = (text: string) => Promise<Embedded>;

/** Loads `model.onnx` and `tokenizer.json` of a folder. Rejects with a sentence when it cannot be used. */
export async function loadEmbedder(folder: string): Promise<EmbedText> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const tokenize = await loadTokenizer(join(folder, "tokenizer.json"));
  const session = await InferenceSession.create(join(folder, "model.onnx"), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: QUIET,
  });
  const pooled = pooling(session);
  return async (text) => {
    const ids = cut(tokenize(text));
    const values: Readonly<Record<string, bigint | readonly number[]>> = {
      input_ids: ids,
      attention_mask: 1n,
      token_type_ids: 0n,
    };
    const feeds = session.inputNames.map((name) => {
      const value = values[name];
      if (value === undefined) throw new Error(`model.onnx wants the input ${name}, which is not known here.`);
      const data = typeof value === "bigint" ? new BigInt64Array(ids.length).fill(value) : int64(value);
      return [name, new Tensor("int64", data, [1, ids.length])] as const;
    });
    const outputs = await session.run(Object.fromEntries(feeds));
    return { vector: pooled(outputs), tokens: ids.length };
  };
}

const int64 = (values: readonly number[]): BigInt64Array => BigInt64Array.from(values, BigInt);

/** The last token closes the text, also of one that is too long. */
const cut = (ids: readonly number[]): readonly number[] =>
  ids.length <= MAX_TOKENS ? ids : [...ids.slice(0, MAX_TOKENS - 1), ids.at(-1)!];

/** The model's own sentence vector where it has one, else the mean over its tokens. */
function pooling({ outputNames }: Session): (outputs: Readonly<Record<string, Output>>) => Float32Array {
  if (outputNames.includes("sentence_embedding")) return ({ sentence_embedding: own }) => unit(own!.data);
  const name = outputNames.find((known) => known === "last_hidden_state" || known === "token_embeddings");
  if (name === undefined) throw new Error(`model.onnx has no output that is known here: ${outputNames.join(", ")}.`);
  return (outputs) => unit(meanOf(outputs[name]!));
}

/** Over tokens of `[1, tokens, dimensions]`; the sum does as well, because only the direction counts. */
function meanOf({ data, dims }: Output): Float32Array {
  const size = dims.at(-1)!;
  const sum = new Float32Array(size);
  for (let at = 0; at < data.length; at++) sum[at % size]! += data[at]!;
  return sum;
}

function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values) || 1;
  return values.map((value) => value / length);
}
