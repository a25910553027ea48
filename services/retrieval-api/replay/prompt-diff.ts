import { diffLines } from "diff";
import type { Message } from "../answer/prompt.ts";

export type DiffLine = { readonly sign: " " | "+" | "-"; readonly text: string };
export type PromptDiff = {
  readonly verdict: "exact" | "different";
  /** Lines that only the old (`-`) or only the new prompt (`+`) has, with what stands around them. */
  readonly lines: readonly DiffLine[];
};

const CONTEXT_LINES = 2;

/** Compares two rendered prompts, byte for byte and then line by line. */
export function diffPrompts(then: readonly Message[], now: readonly Message[]): PromptDiff {
  if (JSON.stringify(then) === JSON.stringify(now)) return { verdict: "exact", lines: [] };
  const lines = diffLines(asText(then), asText(now)).flatMap(({ value, added, removed }): DiffLine[] => {
    const sign = added ? "+" : removed ? "-" : " ";
    return value
      .replace(/\n$/, "")
      .split("\n")
      .map((text) => ({ sign, text }));
  });
  const isNear = (i: number): boolean =>
    lines.slice(Math.max(0, i - CONTEXT_LINES), i + CONTEXT_LINES + 1).some(({ sign }) => sign !== " ");
  return { verdict: "different", lines: lines.filter((_, i) => isNear(i)) };
}

const asText = (messages: readonly Message[]): string =>
  messages.map(({ role, content }) => `# ${role}\n${content}\n`).join("\n");
