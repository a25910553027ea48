import type { Sql } from "#shared/database.ts";
import { quotesOf } from "./quotes.ts";

const BATCH = 500;

type Turn = { readonly role: string; readonly content: string };
type Scanned = {
  readonly id: string;
  readonly question: string;
  readonly standalone: string;
  readonly content: string;
  readonly inputs: string | null;
  readonly prompt: string | null;
};

/** Answers that hold something of a document, and those of them whose question does as well. */
export type Affected = { readonly answers: ReadonlySet<string>; readonly questions: ReadonlySet<string> };

/**
 * The answers whose prompt had a passage of the document, and whatever was made from them: an answer whose question or
 * earlier turns repeat the document or an affected answer, or that repeats it without having it from another document.
 */
export async function findAffected(
  sql: Sql,
  tenant: string,
  documentId: string,
  texts: readonly string[],
): Promise<Affected> {
  const direct = await sql.all<{ answer_id: string }>(
    `select distinct answer_id from answer_dep where tenant = $1 and dep_kind = 'document' and dep_id = $2
       and use in ('cited', 'in_context')`,
    [tenant, documentId],
  );
  const answers = new Set(direct.map(({ answer_id }) => answer_id));
  const questions = new Set<string>();
  const said = await contentsOf(sql, documentId, answers);
  // Each round finds what repeats what the last one found; the second is nearly always the last.
  for (let found = -1; found !== answers.size + questions.size; ) {
    found = answers.size + questions.size;
    const repeats = quotesOf([...texts, ...said]);
    for await (const row of scan(sql, tenant)) {
      const asks = repeats(row.question) || repeats(row.standalone);
      if (asks) questions.add(row.id);
      if (answers.has(row.id)) continue;
      const heard = asks || turnsBefore(row).some(({ content }) => repeats(content));
      // Words that its own evidence has, it has from there.
      if (!heard && !(repeats(row.content) && !repeats(row.prompt ?? ""))) continue;
      answers.add(row.id);
      said.push(row.content);
    }
  }
  return { answers, questions };
}

/**
 * What affected answers said, and what they quoted: of a document that was deleted before there is nothing else. An
 * answer of a few words, such as a number, counts where a turn is just that.
 */
async function contentsOf(sql: Sql, documentId: string, ids: ReadonlySet<string>): Promise<string[]> {
  const contents: string[] = [];
  for (const id of ids) {
    const row = await sql.get<{ content: string; citations: string }>(
      "select content, citations from answer where id = $1",
      [id],
    );
    if (!row) continue;
    contents.push(row.content);
    const cited = JSON.parse(row.citations) as { source: { document_id: string; quote: string } }[];
    for (const { source } of cited) if (source.document_id === documentId) contents.push(source.quote);
  }
  return contents;
}

async function* scan(sql: Sql, tenant: string): AsyncGenerator<Scanned, void> {
  for (let after = ""; ; ) {
    const rows = await sql.all<Scanned>(
      `select id, question, standalone, content, inputs, prompt from answer
       where tenant = $1 and id > $2 order by id limit ${BATCH}`,
      [tenant, after],
    );
    yield* rows;
    if (rows.length < BATCH) return;
    after = rows.at(-1)!.id;
  }
}

/** The turns before the question. Before they were kept by themselves, the prompt had them between its ends. */
function turnsBefore({ inputs, prompt }: Scanned): readonly Turn[] {
  if (inputs !== null) return (JSON.parse(inputs) as { history: Turn[] }).history;
  return prompt === null ? [] : (JSON.parse(prompt) as Turn[]).slice(1, -1);
}
