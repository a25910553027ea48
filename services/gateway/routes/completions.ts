import { z } from "zod";
import { checked } from "#shared/checked.ts";
import { AppError } from "#shared/errors.ts";
import type { DoorHandler } from "../door.ts";
import type { Shadow } from "../routing/shadow.ts";
import { answerRequest } from "./answer-request.ts";
import { completionShape } from "./answer-shape.ts";
import { withoutSpecialTokens } from "./chat-request.ts";
import { type ModelRouteDeps, modelRoute } from "./model-request.ts";

/** OpenAI's fields that mean something we do not do. */
const UNSUPPORTED = ["best_of", "echo", "frequency_penalty", "logit_bias", "logprobs", "presence_penalty", "suffix"];
/** What they are when they are absent: many clients send them all. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  best_of: 1,
  echo: false,
  frequency_penalty: 0,
  presence_penalty: 0,
};

export const completionBodySchema = z.strictObject({
  model: z.string(),
  prompt: z.union([z.string().min(1), z.array(z.string().min(1)).length(1)]),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  n: z.literal(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
  user: z.string().max(512).nullish(),
});

/** `POST /v1/completions`: text that goes on from a prompt, as older clients ask for it. */
export function completions(deps: ModelRouteDeps & { readonly shadow: Shadow }): DoorHandler {
  return modelRoute("/v1/completions", deps, async (request) => {
    refuseUnsupported(request.body);
    const body = checked(completionBodySchema, request.body);
    const prompt = withoutSpecialTokens(typeof body.prompt === "string" ? body.prompt : body.prompt[0]!);
    const head = { id: `cmpl-${request.id}`, created: Math.floor(deps.now() / 1000), model: body.model };
    const ask = {
      messages: [{ role: "user" as const, content: prompt }],
      prompt,
      temperature: body.temperature ?? undefined,
      topP: body.top_p ?? undefined,
      maxTokens: body.max_tokens ?? undefined,
      seed: body.seed ?? undefined,
      stop: typeof body.stop === "string" ? [body.stop] : (body.stop ?? undefined),
      tenant: request.caller.tenant,
    };
    const shape = completionShape(head, body.stream_options?.include_usage === true);
    await answerRequest(request, { alias: body.model, ask, stream: body.stream === true, shape }, deps);
  });
}

/** Drops those that ask for nothing, and names the first that asks for something. */
function refuseUnsupported(body: unknown): void {
  if (typeof body !== "object" || body === null) return;
  const asked = body as Record<string, unknown>;
  for (const field of UNSUPPORTED) {
    if (!(field in asked)) continue;
    if (asked[field] !== null && asked[field] !== DEFAULTS[field]) {
      const what = `The field "${field}" is not supported here. Remove it.`;
      throw new AppError("unsupported_field", what, { param: field });
    }
    delete asked[field];
  }
}
