import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codePointLength } from "#shared/codepoints.ts";
import { parse } from "../../ingest/parse/parse.ts";
import { headingSets } from "./heading-sets.ts";
import { type Asked, everyNth, type QuestionSet, type Source } from "./question-set.ts";

type Paragraph = {
  context: string;
  qas: { question: string; is_impossible?: boolean; answers: { text: string; answer_start: number }[] }[];
};
type Articles = { data: { title?: string; paragraphs: Paragraph[] }[] };

const HANDBOOK = "evals/suites/handbook";

/** The handbook with its golden set, and what the data folder has of the reading sets; every `step`th question of these. */
export async function questionSets(dataFolder: string, perSet: number): Promise<QuestionSet[]> {
  const reading = [
    ["squad2", "en", "squad2-dev/squad2-dev-visible.json"],
    ["xquad-en", "en", "xquad/xquad.en.json"],
    ["xquad-zh", "zh", "xquad/xquad.zh.json"],
    ["cmrc2018", "zh", "cmrc2018/cmrc2018_dev.json"],
  ] as const;
  const present = reading.filter(([, , path]) => existsSync(join(dataFolder, path)));
  const glossaries = [
    ["glossary-en", "en", "en", (term: string) => `What is ${term}?`],
    ["glossary-zh", "zh", "zh-cn", (term: string) => `什么是 ${term}？`],
  ] as const;
  const definitions: QuestionSet[] = [];
  for (const [name, language, folder, ask] of glossaries) {
    const pages = globSync(join(dataFolder, "k8s-docs/content", folder, "docs/reference/glossary/*.md")).sort();
    if (pages.length > 0) definitions.push(await glossary(name, language, pages, ask));
  }
  return [
    handbook(),
    ...definitions,
    ...(await headingSets(dataFolder, perSet)),
    ...present.map(([name, language, path]) => readingSet(name, language, join(dataFolder, path), perSet)),
  ];
}

function readingSet(name: string, language: "en" | "zh", path: string, perSet: number): QuestionSet {
  const articles = (JSON.parse(readFileSync(path, "utf8")) as Articles).data;
  const sources: Source[] = [];
  const asked: Asked[] = [];
  for (const { title, paragraphs } of articles) {
    for (const { context, qas } of paragraphs) {
      const id = `${name}:${sources.length}`;
      sources.push({
        id,
        title: title?.replaceAll("_", " ") ?? "",
        bytes: Buffer.from(context),
        name: "paragraph.txt",
      });
      for (const { question, is_impossible = false, answers } of qas) {
        const gold = answers.map(({ text, answer_start: start }) => ({
          document: id,
          start,
          end: start + text.length,
          text,
        }));
        asked.push({ question, history: [], gold: is_impossible ? [] : gold, isNear: is_impossible });
      }
    }
  }
  return { name, language, sources, asked: everyNth(asked, perSet) };
}

/** What a term is, is said by the first paragraph of its page. */
async function glossary(
  name: string,
  language: "en" | "zh",
  pages: readonly string[],
  ask: (term: string) => string,
): Promise<QuestionSet> {
  const sources: Source[] = [];
  const asked: Asked[] = [];
  for (const page of pages) {
    const bytes = readFileSync(page);
    const { title, text, blocks } = await parse({ bytes, name: page });
    const first = blocks.find(({ kind }) => kind === "paragraph");
    if (!first) continue;
    sources.push({ id: page, title, bytes, name: page });
    const span = { start: codePointLength(text.slice(0, first.start)), end: codePointLength(text.slice(0, first.end)) };
    const gold = [{ document: page, ...span, text: text.slice(first.start, first.end) }];
    asked.push({ question: ask(title), history: [], gold, isNear: false });
  }
  return { name, language, sources, asked };
}

function handbook(): QuestionSet {
  const pages = globSync("docs/**/*.md").sort();
  const sources = pages.map((id) => ({ id, title: undefined, bytes: readFileSync(id), name: id }));
  const asked = ["en", "zh"].flatMap((language) =>
    lines(`${HANDBOOK}/${language}.jsonl`).map(({ kind, question, history = [], gold }): Asked => {
      const spans = gold.map(({ document, start, end, quote }) => ({ document, start, end, text: quote }));
      return { question, history, gold: spans, isNear: kind === "near_miss" };
    }),
  );
  const ofPages = asked.filter(({ gold }) => gold.every(({ document }) => pages.includes(document)));
  return { name: "handbook", language: "both", sources, asked: ofPages };
}

type Line = {
  kind: string;
  question: string;
  history?: string[];
  gold: { document: string; start: number; end: number; quote: string }[];
};
const lines = (path: string): Line[] =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
