import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Language } from "#shared/language.ts";
import type { Question, SuiteData } from "../suite-data.ts";
import { jsonLines } from "./json-lines.ts";

type Text = { readonly _id: string; readonly title?: string; readonly text: string };

/** A retrieval set in BEIR's layout; queries without a relevant document are left out. */
export async function readBeir(folder: string, language: Language): Promise<SuiteData> {
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  const relevant = new Map<string, string[]>();
  for (const line of (await read("qrels/test.tsv")).split("\n").slice(1).filter(Boolean)) {
    const [query = "", document = "", grade] = line.split("\t");
    if (Number(grade) > 0) relevant.set(query, [...(relevant.get(query) ?? []), document]);
  }
  const texts = jsonLines(await read("corpus.jsonl"), "corpus.jsonl") as Text[];
  const documents = texts
    .filter(({ text }) => text.trim() !== "")
    .map(({ _id, title, text }) => ({ uri: _id, title: title || undefined, text, mediaType: "text/plain" as const }));
  const queries = jsonLines(await read("queries.jsonl"), "queries.jsonl") as Text[];
  const questions = queries.flatMap(({ _id, text }): Question[] => {
    const gold = relevant.get(_id)?.map((document) => ({ document }));
    if (!gold) return [];
    return [{ id: _id, language, kind: "query", question: text, history: [], expect: "answered", gold, facts: [] }];
  });
  return { documents, questions };
}
