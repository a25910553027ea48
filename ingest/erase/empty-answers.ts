import type { Database, Sql } from "#shared/database.ts";
import type { Erasure, Removed } from "./erasure.ts";
import type { Affected } from "./find-affected.ts";

const BATCH = 100;

/**
 * Takes the texts out of answers, with the salts that open their commitments: the records stay and verify, and nobody can
 * ever check a guess against them. What was emptied is added to the erasure's count in the same transaction.
 */
export async function emptyAnswers(
  db: Database,
  { id: erasureId }: Pick<Erasure, "id">,
  { answers, questions }: Affected,
  at: number,
): Promise<void> {
  const ids = [...new Set([...answers, ...questions])];
  for (let from = 0; from < ids.length; from += BATCH) {
    await db.transaction(async (sql) => {
      const counted = await removedSoFar(sql, erasureId);
      for (const id of ids.slice(from, from + BATCH)) {
        if (answers.has(id)) {
          counted.answers += await emptyAnswer(sql, id, at);
          counted.messages += await emptyMessage(sql, id, "assistant");
        }
        if (questions.has(id)) {
          await emptyQuestion(sql, id);
          counted.messages += await emptyMessage(sql, id, "user");
        }
      }
      await sql.run("update erasure set removed = $1 where id = $2", [JSON.stringify(counted), erasureId]);
    });
  }
}

/** By all attempts of the erasure together. */
export async function removedSoFar(sql: Sql, erasureId: string): Promise<{ answers: number; messages: number }> {
  const row = await sql.get<Pick<Erasure, "removed">>("select removed from erasure where id = $1", [erasureId]);
  return { answers: 0, messages: 0, ...(JSON.parse(row?.removed ?? "{}") as Partial<Removed>) };
}

async function emptyAnswer(sql: Sql, id: string, at: number): Promise<number> {
  const row = await sql.get<{ salts: string; erased_at: number | null }>(
    "select salts, erased_at from answer where id = $1",
    [id],
  );
  if (!row) return 0;
  const { question } = JSON.parse(row.salts) as { question?: string };
  await sql.run(
    `update answer set content = '', prompt = null, citations = '[]', inputs = null, salts = $1,
       erased_at = coalesce(erased_at, $2) where id = $3`,
    [JSON.stringify(question === undefined ? {} : { question }), at, id],
  );
  await sql.run("update feedback set comment = null where answer_id = $1", [id]);
  return row.erased_at === null ? 1 : 0;
}

async function emptyQuestion(sql: Sql, id: string): Promise<void> {
  const row = await sql.get<{ salts: string; conversation_id: string | null }>(
    "select salts, conversation_id from answer where id = $1",
    [id],
  );
  if (!row) return;
  const { question: _, ...salts } = JSON.parse(row.salts) as Record<string, string>;
  await sql.run("update answer set question = '', standalone = '', salts = $1 where id = $2", [
    JSON.stringify(salts),
    id,
  ]);
  // It begins with the first question, whichever that was.
  await sql.run("update conversation set title = '' where id = $1", [row.conversation_id]);
}

const emptyMessage = (sql: Sql, answerId: string, role: string): Promise<number> =>
  sql.run("update message set content = '' where id = $1 and content <> ''", [`${answerId}:${role}`]);
