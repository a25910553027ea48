import { AppError } from "#shared/errors.ts";
import type { SseEvent } from "#shared/sse.ts";
import type { AnswerEvent } from "../answer/answer.ts";
import type { Citation } from "../answer/citations.ts";

export type Head = { readonly id: string; readonly created: number; readonly model: string };
type End = Extract<AnswerEvent, { type: "end" }>;

/** The answer in one `chat.completion`. */
export async function completionOf(head: Head, events: AsyncGenerator<AnswerEvent, void>): Promise<object> {
  let content = "";
  for await (const event of events) {
    if (event.type === "text-delta") {
      content += event.text;
      continue;
    }
    const message = { role: "assistant", content, refusal: null, annotations: annotationsOf(event.citations) };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: event.finishReason }];
    return { ...head, object: "chat.completion", choices, usage: event.usage, ...extras(event) };
  }
  throw new AppError("upstream_failed", "The answer ended too early. Ask again.");
}

/** The answer as `chat.completion.chunk` events; the last one before `[DONE]` carries citations and lineage. */
export async function* eventsOf(
  head: Head,
  events: AsyncGenerator<AnswerEvent, void>,
  withUsage: boolean,
): AsyncGenerator<SseEvent, void> {
  const chunk = (choices: object[], more: object = {}): SseEvent => ({
    data: { ...head, object: "chat.completion.chunk", choices, ...(withUsage && { usage: null }), ...more },
  });
  const choice = (delta: object, finish_reason: string | null = null): object => ({
    index: 0,
    delta,
    logprobs: null,
    finish_reason,
  });
  let role: object = { role: "assistant" };
  for await (const event of events) {
    if (event.type === "text-delta") {
      yield chunk([choice({ ...role, content: event.text })]);
      role = {};
      continue;
    }
    yield chunk([choice({ annotations: annotationsOf(event.citations) }, event.finishReason)]);
    yield chunk([], { ...(withUsage && { usage: event.usage }), ...extras(event) });
    yield { data: "[DONE]" };
  }
}

const extras = ({ outcome, citations, tag }: End): object => ({ outcome, citations, lineage: tag });

/** OpenAI's own way to name sources, for clients that know nothing of ours. */
function annotationsOf(citations: readonly Citation[]): object[] {
  return citations.map(({ answer, source }) => ({
    type: "url_citation",
    url_citation: { start_index: answer.start, end_index: answer.end, title: source.title, url: source.uri },
  }));
}
