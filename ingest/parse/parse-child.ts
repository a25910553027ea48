import { flushCompileCache } from "node:module";
import { AppError } from "#shared/errors.ts";
import { chunkDocument } from "../chunk/chunk.ts";
import { parse } from "./parse.ts";
import { BEGUN, type Reply } from "./parse-process.ts";
import type { ParseInput } from "./parsed.ts";

// The parent is gone, maybe killed: nobody waits for this work any more.
process.on("disconnect", () => process.exit(0));
process.on("message", (input: ParseInput) => {
  process.send?.(BEGUN);
  void answer(input).then((reply) => {
    process.send?.(reply);
    // It will be killed, when Node would do so: the next child starts with what this one has compiled.
    flushCompileCache();
  });
});

async function answer(input: ParseInput): Promise<Reply> {
  try {
    const { blocks, ...parsed } = await parse(input);
    return { document: { parsed, passages: chunkDocument({ text: parsed.text, blocks }) } };
  } catch (error) {
    if (error instanceof AppError) return { failure: { code: error.code, message: error.message } };
    return { bug: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
