import { AppError } from "#shared/errors.ts";

/** The refusal of a file that `is …`; one that a part of it was refused with is passed on. */
export function damagedFile(what: string, cause?: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError("unreadable_document", `This file ${what}. Save it again and upload it once more.`, { cause });
}
