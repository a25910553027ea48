import { basename } from "node:path";
import { AppError } from "#shared/errors.ts";
import { measureFiles } from "#shared/lineage/measure.ts";
import { openOnnxPool } from "../onnx/onnx-pool.ts";
import type { OnnxSettings } from "../routing/route-table.ts";
import type { ModelIdentity, Upstream } from "./upstream.ts";

/** What a vector follows from. */
const MODEL_FILES = ["model.onnx", "tokenizer.json"];

/**
 * An embedding model of a folder, inside the gateway, in OpenAI's wire format. It is known by the digest of its files,
 * which is there before its first vector.
 */
export function onnxUpstream({ name, folder, threads }: OnnxSettings): Upstream {
  const pool = openOnnxPool({ folder, threads });
  let identity: ModelIdentity | undefined;
  const measuring = measureFiles(folder, MODEL_FILES).then((digest) => {
    identity = { digest, assurance: "attested" };
  });
  // Whoever asks for vectors hears of it.
  measuring.catch(() => undefined);
  const chats = (): Promise<never> => Promise.reject(new AppError("unavailable", "This model only makes embeddings."));
  return {
    name,
    model: basename(folder),
    get identity() {
      return identity;
    },
    complete: chats,
    stream: chats,
    async post(path, body, _traceparent, signal) {
      if (path !== "/embeddings") return chats();
      const { input, dimensions } = body as { input: readonly string[]; dimensions?: number };
      await measuring;
      const { vectors, tokens } = await pool.embed(input, signal);
      if (dimensions !== undefined && dimensions !== vectors[0]!.length) {
        throw new AppError("invalid_request", `This model has vectors of ${vectors[0]!.length} dimensions only.`, {
          param: "dimensions",
        });
      }
      return {
        data: vectors.map((vector, index) => ({ index, embedding: Array.from(vector) })),
        usage: { prompt_tokens: tokens },
      };
    },
    ping: async () => {},
    close: () => pool.close(),
  };
}
