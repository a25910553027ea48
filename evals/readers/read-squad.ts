import { readFile } from "node:fs/promises";
import { codePointLength } from "#shared/codepoints.ts";
import type { Language } from "#shared/language.ts";
import type { EvalDocument, Gold, Question, SuiteData } from "../suite-data.ts";

type Answer = { readonly text: string; readonly answer_start?: number };
type Qa = {
  readonly id: string;
  readonly question: string;
  readonly is_impossible?: boolean;
  readonly answers?: readonly Answer[];
  readonly evidences?: readonly string[];
};
type Squad = {
  readonly data: readonly {
    readonly title?: string;
    readonly paragraphs: readonly { readonly context: string; readonly qas: readonly Qa[] }[];
  }[];
};

/** Every paragraph is a document, its title the article's. Human-marked evidence, where there is any, is the gold. */
export async function readSquad(file: string, language: Language): Promise<SuiteData> {
  const { data } = JSON.parse(await readFile(file, "utf8")) as Squad;
  const paragraphs = data.flatMap(({ title, paragraphs }) =>
    paragraphs.map((paragraph) => ({ ...paragraph, title: title?.replaceAll("_", " ") || undefined })),
  );
  const documents = new Map<string, EvalDocument>();
  const questions: Question[] = [];
  for (const { context, title, qas } of paragraphs) {
    // One paragraph may stand in a file several times, with other questions each time.
    const known = documents.get(context);
    const document = known ?? { uri: `p${documents.size}`, title, text: context, mediaType: "text/plain" };
    documents.set(context, document);
    for (const qa of qas) questions.push(questionOf(qa, document, language));
  }
  return { documents: [...documents.values()], questions };
}

function questionOf(qa: Qa, { uri, text }: EvalDocument, language: Language): Question {
  const answers = qa.answers ?? [];
  const base = { id: qa.id, language, question: qa.question, history: [] };
  if (qa.is_impossible || answers.length === 0) {
    return { ...base, kind: "near_miss", expect: "no_evidence", gold: [], facts: [] };
  }
  const marked: readonly Answer[] = qa.evidences?.map((evidence) => ({ text: evidence })) ?? answers;
  const gold = marked.flatMap((one): Gold[] => {
    // Some answers were written by people and stand nowhere in the paragraph.
    if (!text.includes(one.text)) return [];
    const at = one.answer_start ?? codePointLength(text.slice(0, text.indexOf(one.text)));
    return [{ document: uri, start: at, end: at + codePointLength(one.text), quote: one.text }];
  });
  const facts = [[...new Set(answers.map((answer) => answer.text))]];
  return { ...base, kind: "answerable", expect: "answered", gold: distinct(gold, uri), facts };
}

/** What annotators agree on is listed once; without any span the paragraph itself is the evidence. */
function distinct(gold: readonly Gold[], document: string): Gold[] {
  const spans = new Map(gold.map((one) => [`${one.start}-${one.end}`, one]));
  return spans.size > 0 ? [...spans.values()] : [{ document }];
}
