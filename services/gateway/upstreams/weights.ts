import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { measureFile, measureFiles } from "#shared/lineage/measure.ts";
import type { ModelIdentity } from "./upstream.ts";

const ASK_AGAIN_MS = 10_000;

type Listing = { readonly data?: readonly { readonly id?: unknown; readonly root?: unknown }[] };

/**
 * The identity of a model server's weights: a file, or a folder with tokenizer and chat template. They are hashed once,
 * in the background, and are `attested` when the server names the same file or folder as what it has loaded: vLLM says
 * it in `root`, llama.cpp in `id`.
 */
export function watchWeights(path: string, listModels: (signal: AbortSignal) => Promise<unknown>) {
  const stopping = new AbortController();
  let digest: string | undefined;
  let named = false;

  async function measure(): Promise<void> {
    const found = await stat(path);
    digest = found.isDirectory() ? await measureFiles(path, ["**/*"]) : await measureFile(path);
  }

  async function ask(): Promise<void> {
    if (stopping.signal.aborted) return;
    try {
      named = names((await listModels(stopping.signal)) as Listing, path);
    } catch {
      // It may be starting. A request tells whether it is well; here only its name is missing.
      setTimeout(ask, ASK_AGAIN_MS).unref();
    }
  }

  // Weights that cannot be read have no digest, and answers made with them say so.
  void Promise.all([measure(), ask()]).catch(() => undefined);
  return {
    get identity(): ModelIdentity | undefined {
      return digest === undefined ? undefined : { digest, assurance: named ? "attested" : "observed" };
    },
    stop: () => stopping.abort(),
  };
}

function names({ data = [] }: Listing, path: string): boolean {
  const said = data.flatMap(({ id, root }) => [id, root]).filter((name) => typeof name === "string" && name !== "");
  return said.some((name) => name === path || basename(String(name)) === basename(path));
}
