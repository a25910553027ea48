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

/** The base URL of a model server without its final slashes; may be absent. What would not be sent to it is refused. */
export const baseUrl: Reader<string | undefined> = (raw) => {
  const url = httpUrl(raw);
  if (url === undefined) return undefined;
  const { username, password } = new URL(url);
  if (username || password) throw new Error("must not hold credentials: put the key into OPENAI_API_KEY");
  if (/[?#]/.test(url)) throw new Error("must be an http(s) URL without a query or a fragment");
  return url;
};

/** The base URL of an embeddings server without its final slashes, or a folder; may be absent. */
export const embeddings: Reader<string | undefined> = (raw) =>
  /^\w+:\/\//.test(raw ?? "") ? baseUrl(raw) : optional(raw);

/** A key that is sent in a header; may be absent. A file that a secret is read from often ends in a line break. */
export const headerKey: Reader<string | undefined> = (raw) => {
  if (raw === undefined || raw === "") return undefined;
  if (/^[\x21-\x7e]+$/.test(raw)) return raw;
  throw new Error("holds a space, a line break or a letter that no header can carry");
};

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
