import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { signalFor } from "#shared/cancel.ts";
import { type ChatBody, chatBodySchema, refuseUnsupported, textOf } from "#shared/chat-body.ts";
import { AppError } from "#shared/errors.ts";
import type { Principal } from "#shared/principal.ts";
import type { Server } from "#shared/server.ts";
import { sendEvents } from "#shared/sse.ts";
import { type AnswerEvent, answer } from "../answer/answer.ts";
import type { Question, Sampling } from "../answer/draft.ts";
import type { Message } from "../answer/prompt.ts";
import type { ApiDeps } from "../api-deps.ts";
import { lastQuestions, ownConversation, placeOfTurn } from "../conversations/conversations.ts";
import { completionOf, eventsOf } from "./chat-format.ts";
import { collections, MAX_QUESTION } from "./fields.ts";
import { MODEL, noSuchModel } from "./models.ts";

const MAX_HISTORY_TURNS = 6;
/** Of all messages together. A model is given the newest of them; a caller who sends more has sent something else. */
const MAX_MESSAGES_CHARACTERS = 100_000;

const body = chatBodySchema.extend({
  cairn: z
    .strictObject({
      conversation_id: z.uuid().optional(),
      replaces: z.uuid().optional(),
      collections: collections.optional(),
      top_k: z.int().min(1).max(20).optional(),
    })
    .nullish(),
});
type Body = z.infer<typeof body>;

/** `POST /v1/chat/completions`: OpenAI's API over your documents. */
export function mountChatCompletions(server: Server, deps: ApiDeps): void {
  const { authenticate, answerDeps, metrics, log, now } = deps;
  // A client that leaves closes its connection before its record is written: the end of the process waits for both.
  const running = new Set<Promise<void>>();
  server.addHook("onClose", async () => void (await Promise.all(running)));
  server.route({
    method: "POST",
    url: "/v1/chat/completions",
    schema: { tags: ["chat"], summary: "Ask a question, get a cited answer", body },
    onRequest: needs(authenticate, "chat"),
    preValidation: async (request) => refuseUnsupported(request.body),
    handler: async (request, reply) => {
      const signal = signalFor(reply);
      const asked = await questionOf(request.body, callerOf(request), deps);
      const head = { id: `chatcmpl-${asked.id}`, created: Math.floor(now() / 1000), model: MODEL };
      reply.header("lineage-id", asked.id);
      reply.header("conversation-id", asked.conversationId);
      reply.header("link", `</v1/answers/${asked.id}/lineage>; rel="http://www.w3.org/ns/prov#has_provenance"`);
      const events: AsyncGenerator<AnswerEvent, void> = answer(asked, answerDeps, signal);
      const ended = Promise.withResolvers<void>();
      running.add(ended.promise);
      if (asked.streaming) metrics.openStreams.inc();
      try {
        if (!asked.streaming) return await completionOf(head, events);
        const stream = eventsOf(head, events, request.body.stream_options?.include_usage === true);
        return await sendEvents(reply, stream, (error) => {
          if (signal.aborted || error instanceof AppError) log.info("stream ended early", { requestId: request.id });
          else log.error("unexpected", error, { requestId: request.id });
        });
      } catch (error) {
        throw signal.aborted ? clientLeft(error) : error;
      } finally {
        if (asked.streaming) metrics.openStreams.dec();
        running.delete(ended.promise);
        ended.resolve();
      }
    },
  });
}

// Nobody reads it, but without it every client that leaves would be logged as a bug of ours.
const clientLeft = (cause: unknown): AppError =>
  new AppError("unavailable", "The client left before the answer was complete.", { cause });

async function questionOf(body: Body, principal: Principal, { db, release }: ApiDeps): Promise<Question> {
  if (body.model !== MODEL) throw noSuchModel(body.model);
  const characters = body.messages.reduce((sum, { content }) => sum + textOf(content).length, 0);
  if (characters > MAX_MESSAGES_CHARACTERS) {
    const message = `The messages have ${characters} characters; at most ${MAX_MESSAGES_CHARACTERS} are accepted. Leave the oldest out, or upload the text as a document.`;
    throw new AppError("invalid_request", message, { param: "messages" });
  }
  const said = body.messages.filter(({ role }) => role === "user" || role === "assistant") as ChatBody["messages"];
  const last = said.at(-1);
  if (last?.role !== "user") {
    throw new AppError("invalid_request", "The last message must be the user's question.", { param: "messages" });
  }
  const question = textOf(last.content).trim();
  if (question === "") throw new AppError("invalid_request", "The question is empty.", { param: "messages" });
  if (question.length > MAX_QUESTION) {
    const message = `The question has ${question.length} characters; at most ${MAX_QUESTION} are accepted. Shorten it, or upload the text as a document.`;
    throw new AppError("invalid_request", message, { param: "messages" });
  }
  const given: Message[] = said
    .slice(0, -1)
    .map(({ role, content }) => ({ role: role as "user" | "assistant", content: textOf(content) }));
  const continued = body.cairn?.conversation_id;
  const kept = continued ? await keptTurns(db, principal, continued, body.cairn?.replaces) : undefined;
  if (body.cairn?.replaces !== undefined && !continued) {
    throw new AppError("invalid_request", "cairn.replaces: needs cairn.conversation_id.", { param: "cairn.replaces" });
  }
  const history = kept?.history ?? given;
  return {
    id: uuidv7(),
    principal,
    question,
    history: history.slice(-MAX_HISTORY_TURNS),
    conversationId: continued ?? uuidv7(),
    replacesFrom: kept?.replacesFrom,
    collections: body.cairn?.collections,
    evidenceLimit: body.cairn?.top_k ?? release.retrieval.evidence,
    sampling: samplingOf(body),
    streaming: body.stream === true,
  };
}

/** Only what the user said: an earlier answer may rest on documents that have been withdrawn from them since. */
async function keptTurns(
  db: ApiDeps["db"],
  principal: Principal,
  id: string,
  replaces: string | undefined,
): Promise<{ history: Message[]; replacesFrom: number | undefined }> {
  await ownConversation(db, principal, id);
  const replacesFrom = replaces === undefined ? undefined : await placeOfTurn(db, id, replaces);
  const questions = await lastQuestions(db, id, MAX_HISTORY_TURNS, replacesFrom);
  return { history: questions.map((content) => ({ role: "user", content })), replacesFrom };
}

function samplingOf(body: Body): Sampling {
  const { temperature, top_p, seed, stop } = body;
  const max_tokens = body.max_completion_tokens ?? body.max_tokens;
  const given = { temperature, top_p, max_tokens, seed, stop };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  ) as Sampling;
}
