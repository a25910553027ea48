import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Language } from "#shared/language.ts";
import type { EvalDocument, Question, SuiteData } from "../suite-data.ts";
import { jsonLines } from "./json-lines.ts";

const turn = z.union([
  z.string().transform((content) => ({ role: "user" as const, content })),
  z.strictObject({ role: z.enum(["user", "assistant"]), content: z.string() }),
]);

const line = z.strictObject({
  id: z.string().min(1),
  kind: z.string().min(1),
  question: z.string().min(1),
  history: z.array(turn).default([]),
  expect: z.enum(["answered", "no_evidence"]),
  gold: z
    .array(
      z.strictObject({
        document: z.string(),
        quote: z.string().min(1),
        start: z.int().min(0),
        end: z.int().min(1),
        group: z.union([z.string(), z.number()]).transform(String).optional(),
      }),
    )
    .default([]),
  facts: z.array(z.string().min(1)).default([]),
  /** For whoever mends the line; it changes nothing. */
  note: z.string().optional(),
});

const extra = z.strictObject({
  file: z.string(),
  uri: z.string(),
  title: z.string().optional(),
  acl: z.array(z.string()).optional(),
  lang: z.enum(["en", "zh"]).optional(),
  canaries: z.array(z.string().min(1)).optional(),
});

type Source = {
  readonly questions: Readonly<Partial<Record<Language, string>>>;
  readonly documents?: string | undefined;
  readonly folders: readonly string[];
};

/** Hand-written questions over folders of Markdown and documents of their own. Rejects naming the line that is wrong. */
export async function readGolden(source: Source, root: string): Promise<SuiteData> {
  const extras = await readExtras(source.documents, root);
  const questions = await Promise.all(
    Object.entries(source.questions).map(async ([language, path]) => {
      const text = await readFile(join(root, path), "utf8");
      return jsonLines(text, path).map((raw, i): Question => {
        const { facts, note: _, ...rest } = checked(line, raw, `${path}, question ${i + 1}`);
        const gold = rest.gold.map((one) => ({ ...one, document: extras.get(one.document)?.uri ?? one.document }));
        return { ...rest, gold, language: language as Language, facts: facts.map((fact) => fact.split("|")) };
      });
    }),
  );
  const all = questions.flat();
  const twice = all.find(({ id }, i) => all.findIndex((other) => other.id === id) !== i);
  if (twice) throw new Error(`Two questions have the id "${twice.id}".`);
  const pages = source.folders.flatMap((folder) => globSync(`${folder}/**/*.md`, { cwd: root }).sort());
  const handbook = await Promise.all(
    pages.map(async (uri): Promise<EvalDocument> => {
      const text = await readFile(join(root, uri), "utf8");
      return { uri, title: undefined, text, mediaType: "text/markdown", living: true };
    }),
  );
  return { documents: [...handbook, ...extras.values()], questions: all };
}

/** Documents of the suite's own by their path, which is how questions name them. */
async function readExtras(list: string | undefined, root: string): Promise<Map<string, EvalDocument>> {
  if (list === undefined) return new Map();
  const entries = checked(z.array(extra), JSON.parse(await readFile(join(root, list), "utf8")), list);
  const documents = entries.map(async ({ file, uri, title, acl, canaries }): Promise<[string, EvalDocument]> => {
    const path = join(dirname(list), file);
    const text = await readFile(join(root, path), "utf8");
    return [path, { uri, title, text, mediaType: "text/markdown", acl, canaries }];
  });
  return new Map(await Promise.all(documents));
}

function checked<T>(schema: z.ZodType<T>, raw: unknown, where: string): T {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw new Error(`${where}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
