import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { AppError } from "#shared/errors.ts";
import type { Server } from "#shared/server.ts";
import { pastAnswers } from "../answer/past-answer.ts";
import type { ApiDeps } from "../api-deps.ts";
import {
  type Conversation,
  deleteConversation,
  type ListPlace,
  listConversations,
  ownConversation,
  renameConversation,
  turnsOf,
} from "../conversations/conversations.ts";

const params = z.object({ id: z.uuid() });
const tags = ["conversations"];
const MAX_TITLE = 200;

/** A person's own conversations. */
export function mountConversations(server: Server, { db, replica, authenticate, now }: ApiDeps): void {
  const onRequest = needs(authenticate, "chat");

  server.get(
    "/v1/conversations",
    {
      onRequest,
      schema: {
        tags,
        summary: "Your conversations, newest first",
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(200).default(50),
          query: z.string().trim().max(200).optional(),
          cursor: z.string().max(200).optional(),
        }),
      },
    },
    async (request) => {
      const { limit, query, cursor } = request.query;
      const after = cursor === undefined ? undefined : fromCursor(cursor);
      // One more than asked for tells whether there is a next page.
      const found = await listConversations(db, callerOf(request), { limit: limit + 1, query, after }, replica);
      const last = found[limit - 1];
      return {
        conversations: found.slice(0, limit).map(view),
        next_cursor: found.length > limit && last ? `${last.updated_at}:${last.id}` : null,
      };
    },
  );

  server.get(
    "/v1/conversations/:id",
    {
      onRequest,
      schema: {
        tags,
        summary: "One of your conversations: its newest messages, or those before a cursor",
        params,
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(200).default(100),
          cursor: z.coerce.number().int().min(1).optional(),
        }),
      },
    },
    async (request) => {
      const principal = callerOf(request);
      const conversation = await ownConversation(db, principal, request.params.id);
      const { limit, cursor = Number.MAX_SAFE_INTEGER } = request.query;
      const turns = await turnsOf(db, conversation.id, cursor, limit);
      const ids = turns.flatMap(({ role, answer_id }) => (role === "assistant" && answer_id ? [answer_id] : []));
      const answers = await pastAnswers(db, principal, ids);
      const messages = turns.map(({ role, content, answer_id, created_at }) => {
        const created = new Date(created_at).toISOString();
        const answer = role === "assistant" && answer_id ? answers.get(answer_id) : undefined;
        if (!answer) return { role, content: role === "user" ? content : "", created_at: created };
        const { withheld, erased, withdrawn, outcome, citations, feedback } = answer;
        const seen = { content: answer.content, withheld, erased, withdrawn, outcome, citations, feedback };
        return { role, answer_id, ...seen, created_at: created };
      });
      const first = turns[0]?.position ?? 1;
      return { ...view(conversation), messages, next_cursor: first > 1 ? first : null };
    },
  );

  server.patch(
    "/v1/conversations/:id",
    {
      onRequest,
      schema: {
        tags,
        summary: "Rename one of your conversations",
        params,
        body: z.strictObject({
          title: z
            .string()
            .trim()
            .min(1)
            .max(MAX_TITLE)
            .refine((title) => title.isWellFormed(), "must be whole Unicode text"),
        }),
      },
    },
    async (request) => view(await renameConversation(db, callerOf(request), request.params.id, request.body.title)),
  );

  server.delete(
    "/v1/conversations/:id",
    { onRequest, schema: { tags, summary: "Delete one of your conversations", params } },
    async (request, reply) => {
      await deleteConversation(db, callerOf(request), request.params.id, now());
      return reply.code(204).send();
    },
  );
}

function fromCursor(cursor: string): ListPlace {
  const [, at, id] = /^(\d{1,16}):([\w-]{1,64})$/.exec(cursor) ?? [];
  if (at && id) return { at: Number(at), id };
  throw new AppError("invalid_request", "cursor: is not one that this API gave out.", { param: "cursor" });
}

const view = ({ id, title, created_at, updated_at }: Conversation): object => ({
  id,
  title,
  created_at: new Date(created_at).toISOString(),
  updated_at: new Date(updated_at).toISOString(),
});
