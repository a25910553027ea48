import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Observed } from "./observe.ts";

export type Journal = {
  /** What an earlier process has already asked, by question. */
  readonly done: ReadonlyMap<string, Observed>;
  add(id: string, observed: Observed): void;
};

/**
 * A line for each question that was asked, so that a run which was cut off goes on where it was. What it says of
 * another key, another suite or other code, counts for nothing. A last line that was cut in the middle is asked again.
 */
export function openJournal(path: string, key: string, resume: boolean): Journal {
  const lines = resume && existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  const done = new Map<string, Observed>();
  const same = lines[0] === key;
  for (const line of same ? lines.slice(1) : []) {
    const entry = parsed(line);
    if (entry) done.set(entry.id, entry.observed);
  }
  mkdirSync(dirname(path), { recursive: true });
  const kept = [...done].map(([id, observed]) => `${JSON.stringify({ id, observed })}\n`);
  writeFileSync(path, `${key}\n${kept.join("")}`);
  return { done, add: (id, observed) => appendFileSync(path, `${JSON.stringify({ id, observed })}\n`) };
}

function parsed(line: string): { id: string; observed: Observed } | undefined {
  try {
    return JSON.parse(line) as { id: string; observed: Observed };
  } catch {
    return undefined;
  }
}
