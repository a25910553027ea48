import type { Candidate } from "../retrieval/retrieve.ts";

export type Message = { readonly role: "system" | "user" | "assistant"; readonly content: string };

/** Strings that some model servers read as control tokens; in evidence they are only text. */
const SPECIAL_TOKEN = /<\|([^|<>]{1,40})\|>|\[(\/?INST)\]/g;

/** A line of a document that begins as the next piece of evidence does; in parentheses its number is only text. */
const FORGED_NUMBER = /^([^\S\n]*)\[(\d+)\](?=\s)/gm;

/**
 * The rendered prompt: instructions, the turns before, then numbered evidence and the question in one message. Built
 * by joining parts, never by replacing in a template, where `$&` in a document would corrupt it.
 */
export function renderPrompt(
  instructions: string,
  history: readonly Message[],
  evidence: readonly Candidate[],
  question: string,
): Message[] {
  const items = evidence.map(({ chunk, document }, i) => {
    const path = [document.title, ...chunk.headingPath.filter((heading) => heading !== document.title)].join(" > ");
    return `[${i + 1}] ${inert(oneLine(path))}\n${inert(chunk.text)}`;
  });
  const content = ["Evidence:", ...items, `Question: ${oneLine(question)}`].join("\n\n");
  return [{ role: "system", content: instructions }, ...history, { role: "user", content }];
}

function inert(text: string): string {
  return text
    .replaceAll(SPECIAL_TOKEN, (_, angle: string | undefined, square: string) => `<${angle ?? square}>`)
    .replaceAll(FORGED_NUMBER, (_, indent: string, number: string) => `${indent}(${number})`);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
