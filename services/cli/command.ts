import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import type { Client } from "./client.ts";
import { nearest } from "./nearest.ts";
import type { Output } from "./output.ts";

export type Context = {
  readonly client: Client;
  readonly output: Output;
  /** Whether stdout must hold one JSON document and nothing else. */
  readonly json: boolean;
  readonly signal: AbortSignal;
};

export type Command = {
  readonly name: string;
  readonly summary: string;
  /** What `--help` prints. Its first paragraph is the usage that a wrong call is answered with. */
  readonly help: string;
  /** Resolves to the exit code. */
  run(args: readonly string[], context: Context): Promise<number>;
};

/** The command was called wrongly: exit 2, with its usage. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const COMMON = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

/** `parseArgs` with the flags that every command has. Throws a `UsageError` in one sentence. */
export function parseFlags<const T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  const all = { ...options, ...COMMON };
  try {
    return parseArgs({ args: [...args], options: all, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(wrongFlag(error as Error & { code?: string }, Object.keys(all)));
  }
}

function wrongFlag(error: Error & { code?: string }, known: readonly string[]): string {
  const name = /'(?:-\w, )?--?([\w-]+)/.exec(error.message)?.[1] ?? "";
  if (error.code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION")
    return `${error.message.split(/\.\s|\n/)[0]?.replace(/\.$/, "")}.`;
  const similar = nearest(name, known);
  return `There is no option --${name}.${similar ? ` Did you mean --${similar}?` : ""}`;
}

/** A list as people write it on a command line: `a,b`. */
export const listOf = (text: string | undefined): string[] | undefined =>
  text
    ?.split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);

const ID = /^[\w-]{1,64}$/;

/** The only argument, an id. Throws a `UsageError`. */
export function idOf(positionals: readonly string[], what: string): string {
  const [id, ...more] = positionals;
  if (id === undefined) throw new UsageError(`Which ${what}? Give its id.`);
  if (more.length > 0) throw new UsageError(`Give the id of one ${what}, not of ${positionals.length}.`);
  if (!ID.test(id)) throw new UsageError(`"${id}" is not the id of a ${what}.`);
  return id;
}
