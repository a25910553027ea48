import { z } from "zod";
import { samplingFields } from "#shared/chat-body.ts";
import { checked } from "#shared/checked.ts";
import { isRecord, refuseFields } from "#shared/unsupported-fields.ts";
import type { DoorHandler } from "../door.ts";
import { answerRequest } from "./answer-request.ts";
import { completionShape } from "./answer-shape.ts";
import { samplingOf, withoutSpecialTokens } from "./chat-request.ts";
import { type ModelRouteDeps, modelRoute } from "./model-request.ts";

/** OpenAI's fields that mean something we do not do. */
const UNSUPPORTED = new Set([
  "best_of",
  "echo",
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "presence_penalty",
  "suffix",
]);
/** What they are when they are absent. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  best_of: 1,
  echo: false,
  frequency_penalty: 0,
  presence_penalty: 0,
};
const isDefault = (field: string, value: unknown): boolean => value === null || value === DEFAULTS[field];

export const completionBodySchema = z.strictObject({
  model: z.string(),
  prompt: z.union([z.string().min(1), z.array(z.string().min(1)).length(1)]),
  ...samplingFields,
  stream_options: z.strictObject({ include_usage: z.boolean().nullish() }).nullish(),
});

/** `POST /v1/completions`: text that goes on from a prompt, as older clients ask for it. */
export function completions(deps: ModelRouteDeps): DoorHandler {
  return modelRoute("/v1/completions", deps, async (request) => {
    if (isRecord(request.body)) refuseFields(request.body, UNSUPPORTED, isDefault);
    const body = checked(completionBodySchema, request.body);
    const prompt = withoutSpecialTokens(typeof body.prompt === "string" ? body.prompt : body.prompt[0]!);
    const head = { id: `cmpl-${request.id}`, created: Math.floor(deps.now() / 1000), model: body.model };
    const messages = [{ role: "user" as const, content: prompt }];
    const { tenant } = request.caller;
    const maxTokens = body.max_tokens ?? undefined;
    const ask = { messages, prompt, ...samplingOf(body), maxTokens, tenant, traceparent: request.traceparent };
    const shape = completionShape(head, body.stream_options?.include_usage === true);
    await answerRequest(request, { alias: body.model, ask, stream: body.stream === true, shape }, deps);
  });
}
