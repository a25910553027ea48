export type Env = Readonly<Record<string, string | undefined>>;
export type Reader<T> = (raw: string | undefined) => T;

/** A text; without a fallback it must be set. */
export const str =
  (fallback?: string): Reader<string> =>
  (raw) => {
    const value = raw === undefined || raw === "" ? fallback : raw;
    if (value === undefined) throw new Error("is required");
    return value;
  };

/** A text that may be absent; an empty one is. */
export const optional: Reader<string | undefined> = (raw) => (raw === "" ? undefined : raw);

/** A whole number in a range, both ends included. */
export const int =
  (min: number, max: number, fallback?: number): Reader<number> =>
  (raw) => {
    const value = raw === undefined || raw === "" ? fallback : Number(raw);
    if (value === undefined) throw new Error("is required");
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}, not "${raw}"`);
    }
    return value;
  };

/** One of a closed set. */
export const oneOf =
  <const T extends string>(values: readonly T[], fallback: T): Reader<T> =>
  (raw) => {
    const value = values.find((candidate) => candidate === (raw || fallback));
    if (value === undefined) throw new Error(`must be one of ${values.join(", ")}, not "${raw}"`);
    return value;
  };

/** An http(s) URL without its final slashes; may be absent. */
export const httpUrl: Reader<string | undefined> = (raw) => {
  if (raw === undefined || raw === "") return undefined;
  if (!URL.canParse(raw) || !/^https?:$/.test(new URL(raw).protocol)) throw new Error("must be an http(s) URL");
  return raw.replace(/\/+$/, "");
};

/** The base URL of an embeddings server without its final slashes, or a folder; may be absent. */
export const embeddings: Reader<string | undefined> = (raw) =>
  /^\w+:\/\//.test(raw ?? "") ? httpUrl(raw) : optional(raw);

/** Reads every variable before failing, so one restart shows every mistake. */
export function readEnv<T extends Record<string, Reader<unknown>>>(
  readers: T,
  env: Env,
): { [K in keyof T]: ReturnType<T[K]> } {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(readers)) {
    try {
      values[name] = read(env[name]);
    } catch (error) {
      problems.push(`${name} ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new Error(`Invalid settings:\n  ${problems.join("\n  ")}`);
  return values as { [K in keyof T]: ReturnType<T[K]> };
}
