import { existsSync } from "node:fs";
import { join } from "node:path";
import { missingRuntime } from "./runtime.ts";

/** Why the embedding model of a folder cannot be used here, in a sentence that says what to do; `undefined` when it can. */
export function unusableModel(folder: string): string | undefined {
  const missing = ["model.onnx", "tokenizer.json"].filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) return `${folder} has no ${missing.join(" and no ")}. Name the folder of an ONNX model.`;
  return missingRuntime();
}
