import type { Candidate } from "../retrieval/retrieve.ts";
import { fitHistory } from "./fit-history.ts";

export type Message = { readonly role: "system" | "user" | "assistant"; readonly content: string };

/** Strings that some model servers read as control tokens; from documents and callers they are only text. */
const SPECIAL_TOKEN = /<\|([^|<>]{1,40})\|>|\[(\/?INST)\]/g;

/** A line of a document that begins as the next piece of evidence does; in parentheses its number is only text. */
const FORGED_NUMBER = /^([^\S\n]*)\[(\d+)\](?=\s)/gm;

/** Stands for answers that are not given, so that roles alternate. */
const NOT_REPEATED = "(answered)";

/**
 * The rendered prompt: instructions, the newest turns that fit, then numbered evidence and the question in one message.
 * Built by joining parts, never by replacing in a template, where `$&` in a document would corrupt it.
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
  const content = ["Evidence:", ...items, `Question: ${inert(oneLine(question))}`].join("\n\n");
  return [{ role: "system", content: instructions }, ...turnsBefore(history), { role: "user", content }];
}

function turnsBefore(history: readonly Message[]): Message[] {
  const { turns, unanswered } = fitHistory(history);
  const before: Message[] = turns.map(({ role, content }) => ({ role, content: inert(content) }));
  if (unanswered.length === 0) return before;
  const questions = unanswered.map((question) => `- ${inert(oneLine(question))}`);
  const content = ["Earlier questions:", ...questions].join("\n");
  return [...before, { role: "user", content }, { role: "assistant", content: NOT_REPEATED }];
}

function inert(text: string): string {
  return text
    .replaceAll(SPECIAL_TOKEN, (_, angle: string | undefined, square: string) => `<${angle ?? square}>`)
    .replaceAll(FORGED_NUMBER, (_, indent: string, number: string) => `${indent}(${number})`);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
