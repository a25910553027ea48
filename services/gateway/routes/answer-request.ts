import { AppError } from "#shared/errors.ts";
import { cacheKey } from "../cache/exact-cache.ts";
import type { LiveModel } from "../routing/live-model.ts";
import { type Served, serve } from "../routing/serve.ts";
import { digest, type Shadow } from "../routing/shadow.ts";
import type { ChatRequest, Completion, Deltas } from "../upstreams/upstream.ts";
import type { AnswerShape } from "./answer-shape.ts";
import { headerOf, type ModelRequest, type ModelRouteDeps } from "./model-request.ts";

/** Of the first messages: turns of one conversation share them, and so may a model server's prefix cache. */
const PREFIX_CHARACTERS = 512;

export type Asked = {
  readonly alias: string;
  readonly ask: ChatRequest;
  readonly stream: boolean;
  readonly shape: AnswerShape;
};

/** An answer in the cache, with who gave it: whoever gets it again is told, too. */
type Kept = { readonly answer: Completion; readonly servedBy: readonly string[] };

/** Answers a chat or a completion: from the cache where the route has one, else by an upstream, whole or as a stream. */
export async function answerRequest(
  request: ModelRequest,
  { alias, ask, stream, shape }: Asked,
  { routes, metrics, log, shadow }: ModelRouteDeps,
): Promise<void> {
  const { signal, headers } = request;
  const model = routes.find(alias, "chat");
  const key = keyOf(model, request, ask);
  const known = key && model.cache?.get<Kept>(key);
  if (known) {
    const { answer, servedBy } = known;
    request.cached = true;
    request.servedBy = servedBy;
    return stream ? request.sendFrames(wholeAsFrames(answer, shape), () => {}) : request.sendJson(shape.whole(answer));
  }
  const keep = (answer: Completion): void => {
    const kept: Kept = { answer, servedBy: request.servedBy };
    if (key) model.cache?.set(key, kept, answer.text.length * 2);
  };
  const call = request.call(headerOf(headers["x-cairn-conversation"]), prefixOf(ask));
  if (!stream) {
    const served = await serve(model, call, (by, stop) => by.complete(ask, stop), metrics.onAttempt, signal);
    served.done();
    request.onServed(alias, served);
    request.onUsage(served.value.usage);
    keep(served.value);
    castShadow(routes.shadowOf(model), ask, shadow)?.resolve(digest(served.value.text));
    return request.sendJson(shape.whole(served.value));
  }
  const served = await serve(model, call, (by, stop) => by.stream(ask, stop), metrics.onAttempt, signal);
  request.onServed(alias, served);
  const shadowed = castShadow(routes.shadowOf(model), ask, shadow);
  const collects = key !== undefined || shadowed !== undefined;
  const onWhole = (answer: Completion): void => {
    keep(answer);
    shadowed?.resolve(digest(answer.text));
  };
  await request.sendFrames(framesOf(request, served, shape, collects ? onWhole : undefined), (error) => {
    shadowed?.reject(error);
    if (signal.aborted) return;
    const fields = { requestId: request.id, upstream: served.upstream.name };
    if (error instanceof AppError) log.warn("stream failed", { ...fields, code: error.code });
    else log.error("unexpected", error, fields);
  });
  shadowed?.reject(new Error("no whole answer"));
}

async function* framesOf(
  request: ModelRequest,
  served: Served<Deltas>,
  shape: AnswerShape,
  onWhole: ((answer: Completion) => void) | undefined,
): AsyncGenerator<string, void> {
  const events = shape.events();
  let { opening } = events;
  let text = "";
  let reason: unknown = new Error("the reader left");
  try {
    for await (const delta of served.value) {
      if (delta.type === "text-delta") {
        if (onWhole) text += delta.text;
        yield opening + events.piece(delta.text);
        opening = "";
        continue;
      }
      const { finishReason, usage } = delta;
      request.onUsage(usage);
      reason = undefined;
      onWhole?.({ text, finishReason, usage });
      yield opening + events.end(finishReason, usage);
      return;
    }
    throw new AppError("upstream_failed", "The model server ended its answer early.");
  } catch (error) {
    if (!request.signal.aborted) reason = error;
    throw error;
  } finally {
    served.done(reason);
  }
}

async function* wholeAsFrames(
  { text, finishReason, usage }: Completion,
  shape: AnswerShape,
): AsyncGenerator<string, void> {
  const events = shape.events();
  yield events.opening + events.piece(text) + events.end(finishReason, usage);
}

/** Only what would be answered alike again: without chance, or with a seed. */
function keyOf(model: LiveModel, { caller, headers }: ModelRequest, ask: ChatRequest): string | undefined {
  if (!model.cache || (ask.temperature !== 0 && ask.seed === undefined)) return undefined;
  // The caller says what else the answer depends on: permissions, release, index generation.
  return cacheKey(caller.tenant, [
    headerOf(headers["x-cairn-cache-scope"]) ?? "",
    headerOf(headers["x-cairn-without-models"]) ?? "",
    { ...ask, traceparent: undefined },
  ]);
}

function castShadow(
  target: ReturnType<ModelRouteDeps["routes"]["shadowOf"]>,
  ask: ChatRequest,
  shadow: Shadow,
): PromiseWithResolvers<string> | undefined {
  if (!target) return undefined;
  const answer = Promise.withResolvers<string>();
  shadow.send(target, ask, answer.promise);
  return answer;
}

function prefixOf({ messages }: ChatRequest): string {
  const first = messages[0]!.content;
  return first.length >= PREFIX_CHARACTERS ? first.slice(0, PREFIX_CHARACTERS) : first + (messages[1]?.content ?? "");
}
