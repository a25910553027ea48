import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codePointLength } from "#shared/codepoints.ts";
import { parse } from "../../ingest/parse/parse.ts";
import type { Parsed } from "../../ingest/parse/parsed.ts";
import { type Asked, everyNth, type QuestionSet, type Source } from "./question-set.ts";

/** Not `concepts`: the retrieval sets ask for these, and what is measured is not learnt from. */
const FOLDERS = ["tasks", "tutorials", "setup"];
const LANGUAGES = [
  ["en", "en"],
  ["zh", "zh-cn"],
] as const;
/** A section of a few words answers nothing. */
const MIN_TEXT = 80;

/**
 * What people type who know the words: titles and headings as the question, and the page or section under them, without
 * that title or heading, as the answer. From the Kubernetes documentation.
 */
export async function headingSets(dataFolder: string, perSet: number): Promise<QuestionSet[]> {
  const sets: QuestionSet[] = [];
  for (const [language, folder] of LANGUAGES) {
    const root = join(dataFolder, "k8s-docs/content", folder);
    const files = FOLDERS.flatMap((name) => globSync(join(root, "docs", name, "**/*.md"))).sort();
    if (files.length === 0) continue;
    const pages = await Promise.all(
      files.map(async (path) => ({
        name: path.slice(root.length + 1),
        parsed: await parse({ bytes: readFileSync(path), name: path }),
      })),
    );
    const whole = pages.map(({ name, parsed }) => made(name, parsed.title, parsed.text));
    const parts = pages.flatMap(({ name, parsed }) =>
      sectionsOf(parsed).map(({ heading, text }, i) => made(`${name}#${i}`, `${parsed.title} ${heading}`, text)),
    );
    for (const [kind, all] of [
      ["pages", whole],
      ["sections", parts],
    ] as const) {
      const kept = all.filter(({ source }) => source.bytes.length >= MIN_TEXT);
      const asked = everyNth(kept, perSet).map((one) => one.asked);
      sets.push({ name: `headings-${kind}-${language}`, language, sources: kept.map(({ source }) => source), asked });
    }
  }
  return sets;
}

function made(id: string, question: string, text: string): { source: Source; asked: Asked } {
  const gold = [{ document: id, start: 0, end: codePointLength(text), text }];
  return {
    source: { id, title: "", bytes: Buffer.from(text), name: "section.txt" },
    asked: { question, history: [], gold, isNear: false },
  };
}

/** What stands under each of the outermost headings, deeper headings included. */
function sectionsOf({ text, blocks }: Parsed): { heading: string; text: string }[] {
  const heads = blocks.filter(({ kind, headingPath }) => kind === "heading" && headingPath.length === 1);
  return heads.map((head, i) => ({
    heading: head.headingPath[0]!,
    text: text.slice(head.end, heads[i + 1]?.start).trim(),
  }));
}
