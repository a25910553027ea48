import type { FastifyReply } from "fastify";
import { signalFor } from "#shared/cancel.ts";
import { chatBodySchema, refuseUnsupported } from "#shared/chat-body.ts";
import { AppError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import type { Server } from "#shared/server.ts";
import { type SseEvent, sendEvents } from "#shared/sse.ts";
import type { Metrics } from "#shared/telemetry.ts";
import { findRoute, type Route } from "../routing/routes.ts";
import { type Begun, tryUpstreams } from "../routing/try-upstreams.ts";
import type { ChatDelta, Usage } from "../upstreams/upstream.ts";
import { toChatRequest } from "./chat-request.ts";

export type ChatDeps = {
  readonly routes: readonly Route[];
  readonly metrics: Metrics;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

type Head = { readonly id: string; readonly created: number; readonly model: string };

/** `POST /v1/chat/completions` in OpenAI's wire format. Headers say who served it, so that lineage can record it. */
export function mountChatCompletions(server: Server, { routes, metrics, log, now }: ChatDeps): void {
  const onAttempt = (upstream: string, outcome: string): void => metrics.gatewayAttempts.inc({ upstream, outcome });
  server.route({
    method: "POST",
    url: "/v1/chat/completions",
    schema: { body: chatBodySchema },
    preValidation: async (request) => refuseUnsupported(request.body),
    handler: async (request, reply) => {
      const { body } = request;
      const signal = signalFor(reply);
      const route = findRoute(routes, body.model);
      metrics.gatewayDemand.inc({ model: route.alias });
      try {
        const begun = await tryUpstreams(route, toChatRequest(body), onAttempt, signal);
        metrics.gatewayFirstTokenSeconds.observe({ upstream: begun.upstream.name }, reply.elapsedTime / 1000);
        nameServer(reply, begun);
        const head: Head = { id: `chatcmpl-${request.id}`, created: Math.floor(now() / 1000), model: route.alias };
        if (!body.stream) return await completionOf(head, begun.deltas);
        const chunks = chunksOf(head, begun.deltas, body.stream_options?.include_usage === true);
        return await sendEvents(reply, chunks, (error) => {
          const fields = { requestId: request.id, upstream: begun.upstream.name };
          if (signal.aborted) return log.info("client left", fields);
          if (error instanceof AppError) return log.warn("stream failed", { ...fields, code: error.code });
          log.error("unexpected", error, fields);
        });
      } finally {
        metrics.gatewayDemand.dec({ model: route.alias });
      }
    },
  });
}

function nameServer(reply: FastifyReply, { upstream, attempts }: Begun): void {
  reply.header("x-cairn-upstream", upstream.name);
  reply.header("x-cairn-model", upstream.model.replaceAll(/[^\x21-\x7e]/g, "?"));
  reply.header("x-cairn-attempts", String(attempts));
}

async function completionOf(head: Head, deltas: AsyncGenerator<ChatDelta, void>): Promise<object> {
  let text = "";
  for await (const delta of deltas) {
    if (delta.type === "text-delta") text += delta.text;
    else {
      const message = { role: "assistant", content: text, refusal: null };
      const choice = { index: 0, message, logprobs: null, finish_reason: delta.finishReason };
      return { ...head, object: "chat.completion", choices: [choice], usage: usageOf(delta.usage) };
    }
  }
  throw new AppError("upstream_failed", "The model server ended its answer early.");
}

async function* chunksOf(
  head: Head,
  deltas: AsyncGenerator<ChatDelta, void>,
  withUsage: boolean,
): AsyncGenerator<SseEvent, void> {
  const chunk = (delta: object, finish_reason: string | null): SseEvent => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
    return { data: { ...head, object: "chat.completion.chunk", choices, ...(withUsage && { usage: null }) } };
  };
  try {
    yield chunk({ role: "assistant", content: "" }, null);
    for await (const delta of deltas) {
      if (delta.type === "text-delta") {
        yield chunk({ content: delta.text }, null);
        continue;
      }
      yield chunk({}, delta.finishReason);
      if (withUsage)
        yield { data: { ...head, object: "chat.completion.chunk", choices: [], usage: usageOf(delta.usage) } };
      yield { data: "[DONE]" };
      return;
    }
    throw new AppError("upstream_failed", "The model server ended its answer early.");
  } finally {
    await deltas.return();
  }
}

function usageOf({ prompt_tokens, completion_tokens, estimated }: Usage): object {
  const total_tokens = prompt_tokens + completion_tokens;
  return { prompt_tokens, completion_tokens, total_tokens, ...(estimated && { estimated }) };
}
