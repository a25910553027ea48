import { join } from "node:path";

/** What the commands get from the environment, read in main.ts. */
export type EvalSettings = {
  readonly root: string;
  /** EVAL_DATA_DIR. */
  readonly dataFolder: string | undefined;
  /** API key of the server that is asked. */
  readonly key: string | undefined;
  /** Passed on to a server that is started here: a model server, the search path. */
  readonly environment: Readonly<Record<string, string>>;
  readonly gatewayUrl: string;
  readonly gatewayKey: string | undefined;
};

/** At most so many questions of a suite at the same time. */
export const CONCURRENCY = 4;
/** Suites at the same time: a server is one thread for the most part, so that one alone leaves a second core idle. */
export const LANES = 2;

export const releaseFolder = ({ root }: EvalSettings): string => join(root, "releases/default");
export const suitesFolder = ({ root }: EvalSettings): string => join(root, "evals/suites");
export const outFolder = ({ root }: EvalSettings): string => join(root, "evals/out");

/** A whole number of at least one. Throws a sentence for anything else. */
export function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} must be a whole number from 1 on, not "${text}".`);
  return Number(text);
}
