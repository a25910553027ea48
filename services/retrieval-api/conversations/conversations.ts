import { type Database, placesOf, type Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { likePattern } from "#shared/like-pattern.ts";
import type { Principal } from "#shared/principal.ts";
import type { StaleReads } from "#shared/replica-reads.ts";
import type { Draft } from "../answer/draft.ts";

export type Conversation = {
  readonly id: string;
  readonly title: string;
  readonly created_at: number;
  readonly updated_at: number;
};
export type Turn = {
  /** Its place in the conversation, from 1. */
  readonly position: number;
  readonly role: "user" | "assistant";
  readonly content: string;
  readonly answer_id: string | null;
  readonly created_at: number;
};

const TITLE_LENGTH = 80;

/** Rejects with `not_found`, for another person's conversation too. */
export async function ownConversation(db: Sql, { tenant, subject }: Principal, id: string): Promise<Conversation> {
  const conversation = await db.get<Conversation>(
    `select id, title, created_at, updated_at from conversation
     where id = $1 and tenant = $2 and subject = $3 and deleted_at is null`,
    [id, tenant, subject],
  );
  if (!conversation) throw new AppError("not_found", "There is no such conversation of yours.");
  return conversation;
}

/** A place in the list of conversations: behind the one with this time and id. */
export type ListPlace = { readonly at: number; readonly id: string };

const LISTED = `select id, title, created_at, updated_at from conversation c
  where tenant = $1 and subject = $2 and deleted_at is null
    and updated_at <= $3 and (updated_at < $3 or id > $4)
    and ($5 = '' or lower(title) like $5 escape '\\' or exists (select 1 from message m
      where m.conversation_id = c.id and m.role = 'user' and lower(m.content) like $5 escape '\\'))`;
const NEWEST_FIRST = "order by updated_at desc, id limit $6";

/**
 * A person's conversations, the one with the newest turn first. With a `query`, those whose title or questions contain
 * it, which the `replica` looks for; answers are not searched, because they may rest on documents that have been withdrawn
 * from their reader since.
 */
export async function listConversations(
  db: Sql,
  { tenant, subject }: Principal,
  { limit, query, after }: { limit: number; query?: string | undefined; after?: ListPlace | undefined },
  replica: StaleReads = db,
): Promise<Conversation[]> {
  const asked = [tenant, subject, after?.at ?? Number.MAX_SAFE_INTEGER, after?.id ?? "", likePattern(query), limit];
  if (!query || replica === db) return db.all<Conversation>(`${LISTED} ${NEWEST_FIRST}`, asked);
  const ids = (await replica.all<Conversation>(`${LISTED} ${NEWEST_FIRST}`, asked)).map(({ id }) => id);
  if (ids.length === 0) return [];
  const found = await db.all<Conversation>(`${LISTED} and id in (${placesOf(ids, 7)}) ${NEWEST_FIRST}`, [
    ...asked,
    ...ids,
  ]);
  // What was deleted or renamed a moment ago has not reached the replica: a page must not be shorter for it.
  return found.length === ids.length ? found : db.all<Conversation>(`${LISTED} ${NEWEST_FIRST}`, asked);
}

/** Rejects with `not_found`, for another person's conversation too. */
export async function renameConversation(
  db: Database,
  principal: Principal,
  id: string,
  title: string,
): Promise<Conversation> {
  return db.transaction(async (sql) => {
    const conversation = await ownConversation(sql, principal, id);
    await sql.run("update conversation set title = $1 where id = $2", [title, id]);
    return { ...conversation, title };
  });
}

/** Where the question of an answer stands in a conversation. Rejects with `not_found` when it is not there. */
export async function placeOfTurn(db: Sql, conversationId: string, answerId: string): Promise<number> {
  const turn = await db.get<{ position: number }>(
    "select position from message where conversation_id = $1 and answer_id = $2 and role = 'user'",
    [conversationId, answerId],
  );
  if (!turn) {
    throw new AppError("not_found", "This conversation has no such answer to replace.", { param: "cairn.replaces" });
  }
  return turn.position;
}

/** The newest messages before a position, oldest first. */
export async function turnsOf(db: Sql, conversationId: string, before: number, limit: number): Promise<Turn[]> {
  const newest = await db.all<Turn>(
    `select position, role, content, answer_id, created_at from message
     where conversation_id = $1 and position < $2 order by position desc limit $3`,
    [conversationId, before, limit],
  );
  return newest.reverse();
}

/** What the user asked last before a place, oldest first. */
export async function lastQuestions(
  db: Sql,
  conversationId: string,
  limit: number,
  before = Number.MAX_SAFE_INTEGER,
): Promise<string[]> {
  const newest = await db.all<{ content: string }>(
    `select content from message where conversation_id = $1 and role = 'user' and position < $2
     order by position desc limit $3`,
    [conversationId, before, limit],
  );
  return newest.reverse().map(({ content }) => content);
}

/**
 * Adds a question and its answer, and the conversation with the first of them. One deleted meanwhile stays empty. A
 * turn that replaces others takes their place; their answers and lineage stay.
 */
export async function appendTurn(sql: Sql, { asked, sent }: Draft, at: number): Promise<void> {
  const { conversationId, principal, question, id, replacesFrom } = asked;
  const title = Array.from(question.replaceAll(/\s+/g, " ")).slice(0, TITLE_LENGTH).join("");
  const conversation = await sql.get<{ deleted_at: number | null }>(
    `insert into conversation (id, tenant, subject, title, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)
     on conflict (id) do update set updated_at = $5 returning deleted_at`,
    [conversationId, principal.tenant, principal.subject, title, at],
  );
  if (conversation?.deleted_at != null) return;
  if (replacesFrom !== undefined) {
    await sql.run("delete from message where conversation_id = $1 and position >= $2", [conversationId, replacesFrom]);
  }
  const last = await sql.get<{ position: number }>(
    "select coalesce(max(position), 0) as position from message where conversation_id = $1",
    [conversationId],
  );
  for (const [i, [role, content]] of [["user", question] as const, ["assistant", sent] as const].entries()) {
    await sql.run(
      `insert into message (id, conversation_id, position, role, content, answer_id, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
      [`${id}:${role}`, conversationId, (last?.position ?? 0) + 1 + i, role, content, id, at],
    );
  }
}

/** Removes the messages at once. Answers and their lineage stay: they are evidence, and have an erasure of their own. */
export async function deleteConversation(db: Database, principal: Principal, id: string, now: number): Promise<void> {
  await db.transaction(async (sql) => {
    await ownConversation(sql, principal, id);
    await sql.run("update conversation set deleted_at = $1, title = '' where id = $2", [now, id]);
    await sql.run("delete from message where conversation_id = $1", [id]);
  });
}
