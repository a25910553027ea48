import { AppError } from "./errors.ts";

/**
 * Names the first of these fields that asks for something, and drops those that ask for nothing: many clients send them
 * all. Runs before the schema, which would call them unknown. `within` is the path of the object in the body.
 */
export function refuseFields(
  object: Record<string, unknown>,
  fields: ReadonlySet<string>,
  asksForNothing: (field: string, value: unknown) => boolean,
  within = "",
): void {
  for (const field of Object.keys(object)) {
    if (!fields.has(field)) continue;
    if (!asksForNothing(field, object[field])) throw unsupported(within + field);
    delete object[field];
  }
}

export function unsupported(
  field: string,
  message = `The field "${field}" is not supported here. Remove it.`,
): AppError {
  return new AppError("unsupported_field", message, { param: field });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
