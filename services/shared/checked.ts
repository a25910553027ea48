import type { z } from "zod";
import { AppError } from "./errors.ts";

/** The value as the schema has it, or an error that names the field. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.join(".");
  throw issue.code === "unrecognized_keys" ? unknownField(path, issue.keys[0]!) : invalid(path, issue.message);
}

/** What a schema did not know, below `path`. */
export function unknownField(path: string, key: string): AppError {
  const field = [path, key].filter(Boolean).join(".");
  return new AppError("unknown_field", `The field "${field}" is not known here. Remove it.`, { param: field });
}

/** What a schema says of the value at `path`, or of the whole where that is empty. */
export function invalid(path: string, problem: string): AppError {
  return new AppError("invalid_request", path ? `${path}: ${problem}` : problem, path ? { param: path } : {});
}
