import type { z } from "zod";
import { AppError } from "./errors.ts";

/** The value as the schema has it, or an error that names the field. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const field = [path, issue.keys[0]].filter(Boolean).join(".");
    throw new AppError("unknown_field", `The field "${field}" is not known here. Remove it.`, { param: field });
  }
  const what = path === "" ? issue.message : `${path}: ${issue.message}`;
  throw new AppError("invalid_request", what, path === "" ? {} : { param: path });
}
