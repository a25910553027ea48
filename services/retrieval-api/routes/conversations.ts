import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import type { Server } from "#shared/server.ts";
import { pastAnswer } from "../answer/past-answer.ts";
import type { ApiDeps } from "../api-deps.ts";
import {
  type Conversation,
  deleteConversation,
  listConversations,
  ownConversation,
  turnsOf,
} from "../conversations/conversations.ts";

const params = z.object({ id: z.uuid() });
const tags = ["conversations"];

/** A person's own conversations. */
export function mountConversations(server: Server, { db, authenticate, now }: ApiDeps): void {
  const onRequest = needs(authenticate, "chat");

  server.get(
    "/v1/conversations",
    {
      onRequest,
      schema: {
        tags,
        summary: "Your conversations, newest first",
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50) }),
      },
    },
    async (request) => ({
      conversations: (await listConversations(db, callerOf(request), request.query.limit)).map(view),
    }),
  );

  server.get(
    "/v1/conversations/:id",
    { onRequest, schema: { tags, summary: "One of your conversations", params } },
    async (request) => {
      const principal = callerOf(request);
      const conversation = await ownConversation(db, principal, request.params.id);
      const messages = [];
      for (const { role, content, answer_id, created_at } of await turnsOf(db, conversation.id)) {
        const created = new Date(created_at).toISOString();
        if (role === "user" || !answer_id) {
          messages.push({ role, content, created_at: created });
          continue;
        }
        const { citations, outcome, ...answer } = await pastAnswer(db, principal, answer_id);
        messages.push({
          role,
          content: answer.content,
          withheld: answer.withheld,
          answer_id,
          outcome,
          citations,
          created_at: created,
        });
      }
      return { ...view(conversation), messages };
    },
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

const view = ({ id, title, created_at, updated_at }: Conversation): object => ({
  id,
  title,
  created_at: new Date(created_at).toISOString(),
  updated_at: new Date(updated_at).toISOString(),
});
