import { z } from "zod";
import { quoted } from "./mistake.ts";
import { nearestName } from "./nearest-name.ts";

/** A value with all its demands in one sentence: `problemOf` says what is wrong, or nothing. */
export const checked = <T>(problemOf: (value: unknown) => string | undefined): z.ZodType<T, T> =>
  z.custom<T>((value) => problemOf(value) === undefined, { error: ({ input }) => problemOf(input) ?? "is wrong" });

export const whole = (min: number, max: number): z.ZodType<number, number> =>
  checked((value) =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : mustBe(`a whole number from ${min} to ${max}`, value, shown(value)),
  );

export const amount = (what: string, isGood: (value: number) => boolean): z.ZodType<number, number> =>
  checked((value) =>
    typeof value === "number" && Number.isFinite(value) && isGood(value)
      ? undefined
      : mustBe(what, value, shown(value)),
  );

export const text = (what: string): z.ZodType<string, string> =>
  checked((value) => {
    if (typeof value === "number" || typeof value === "boolean") return mustBe(`${what}: put it in quotes`, value);
    return typeof value === "string" && value.trim() !== "" ? undefined : mustBe(what, value);
  });

export const oneOf = <const T extends string>(values: readonly T[]): z.ZodType<T, T> =>
  checked((value) =>
    values.some((known) => known === value) ? undefined : mustBe(values.join(" or "), value, shown(value)),
  );

/** A mapping with these fields and no other. */
export function fields<const Shape extends z.ZodRawShape>(what: string, shape: Shape): z.ZodObject<Shape> {
  const known = Object.keys(shape);
  const unknown = z.custom<never>(() => false, { error: ({ path }) => unknownField(String(path?.at(-1)), known) });
  const object = z.object(shape, { error: ({ input }) => mustBe(what, input) }).catchall(unknown);
  // The catch-all only words the message, one for each field; nothing that passes has such a field.
  return object as unknown as z.ZodObject<Shape>;
}

export const list = <T extends z.ZodType>(what: string, item: T): z.ZodArray<T> =>
  z.array(item, { error: ({ input }) => mustBe(what, input) }).min(1, `is empty. It must be ${what}.`);

export const named = <T extends z.ZodType>(what: string, value: T): z.ZodRecord<z.ZodString, T> =>
  z.record(z.string(), value, { error: ({ input }) => mustBe(what, input) });

/** Either of two shapes. Unlike a union's, the mistakes are those of the one that was meant. */
export const meant = <A extends z.ZodType, B extends z.ZodType>(isFirst: (value: unknown) => boolean, a: A, b: B) =>
  z.unknown().transform((value, ctx): z.output<A> | z.output<B> => {
    const result = (isFirst(value) ? a : b).safeParse(value);
    if (result.success) return result.data as z.output<A> | z.output<B>;
    for (const { path, message } of result.error.issues)
      ctx.issues.push({ code: "custom", path, message, input: value });
    return z.NEVER;
  });

export function mustBe(what: string, value: unknown, found = kindOf(value)): string {
  return value === undefined ? `is missing. It must be ${what}.` : `must be ${what}, not ${found}.`;
}

function unknownField(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return `is no field that is known here.${near ? ` Was ${near} meant?` : ""} There are: ${known.join(", ")}.`;
}

/** Says what was found without repeating it: a misplaced secret must not reach the log. */
function kindOf(value: unknown): string {
  if (value === null || value === "") return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "string" ? "text" : typeof value === "object" ? "a mapping" : `a ${typeof value}`;
}

/** For numbers and choices, which are no place for a secret. */
function shown(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? quoted(value) : kindOf(value);
}
