import { type ChatBody, chatBodySchema, refuseUnsupported } from "#shared/chat-body.ts";
import { checked } from "#shared/checked.ts";
import type { DoorHandler } from "../door.ts";
import { answerRequest } from "./answer-request.ts";
import { chatShape } from "./answer-shape.ts";
import { toChatRequest } from "./chat-request.ts";
import { type ModelRouteDeps, modelRoute } from "./model-request.ts";
import { isPlainChat } from "./plain-chat.ts";

/** `POST /v1/chat/completions` in OpenAI's wire format. Headers say who served it, so that lineage can record it. */
export function chatCompletions(deps: ModelRouteDeps): DoorHandler {
  return modelRoute("/v1/chat/completions", deps, (request) => {
    const body = isPlainChat(request.body) ? request.body : checkedChat(request.body);
    const head = { id: `chatcmpl-${request.id}`, created: Math.floor(deps.now() / 1000), model: body.model };
    const shape = chatShape(head, body.stream_options?.include_usage === true);
    const ask = toChatRequest(body, request.caller.tenant, request.traceparent);
    return answerRequest(request, { alias: body.model, ask, stream: body.stream === true, shape }, deps);
  });
}

function checkedChat(body: unknown): ChatBody {
  refuseUnsupported(body);
  return checked(chatBodySchema, body);
}
