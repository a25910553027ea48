import { frame } from "#shared/sse.ts";
import type { Completion, FinishReason, Usage } from "../upstreams/upstream.ts";

/** How an answer is written: whole, or as the events of a stream. */
export type AnswerShape = {
  /** JSON. */
  whole(completion: Completion): string;
  /** The events share their envelope, which is made once. */
  events(): EventShape;
};

export type EventShape = {
  /** The event before the first piece, if the format has one. */
  readonly opening: string;
  piece(text: string): string;
  /** Finish reason, usage where it was asked for, and the end. */
  end(finishReason: FinishReason, usage: Usage): string;
};

export type Head = { readonly id: string; readonly created: number; readonly model: string };

export function chatShape({ id, created, model }: Head, withUsage: boolean): AnswerShape {
  return {
    whole({ text, finishReason, usage }) {
      const head = startOf({ id, object: "chat.completion", created, model });
      const message = `{"role":"assistant","content":${JSON.stringify(text)},"refusal":null}`;
      const choice = `{"index":0,"message":${message},"logprobs":null,"finish_reason":"${finishReason}"}`;
      return `${head}${choice}],"usage":${JSON.stringify(usageOf(usage))}}`;
    },
    events() {
      const { event, usageEvent } = envelope({ id, object: "chat.completion.chunk", created, model }, withUsage);
      const choice = (delta: string, finish: string): string =>
        event(`{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}`);
      return {
        opening: choice('{"role":"assistant","content":""}', "null"),
        piece: (text) => choice(`{"content":${JSON.stringify(text)}}`, "null"),
        end: (finishReason, usage) => choice("{}", `"${finishReason}"`) + usageEvent(usage) + DONE,
      };
    },
  };
}

export function completionShape({ id, created, model }: Head, withUsage: boolean): AnswerShape {
  const head = { id, object: "text_completion", created, model };
  return {
    whole({ text, finishReason, usage }) {
      const choice = `{"index":0,"text":${JSON.stringify(text)},"logprobs":null,"finish_reason":"${finishReason}"}`;
      return `${startOf(head)}${choice}],"usage":${JSON.stringify(usageOf(usage))}}`;
    },
    events() {
      const { event, usageEvent } = envelope(head, withUsage);
      const choice = (text: string, finish: string): string =>
        event(`{"index":0,"text":${JSON.stringify(text)},"logprobs":null,"finish_reason":${finish}}`);
      return {
        opening: "",
        piece: (text) => choice(text, "null"),
        end: (finishReason, usage) => choice("", `"${finishReason}"`) + usageEvent(usage) + DONE,
      };
    },
  };
}

const DONE = frame({ data: "[DONE]" });

/** Up to the choices. Written by hand here and above: these few fields are most of what the gateway writes. */
const startOf = (head: object): string => `${JSON.stringify(head).slice(0, -1)},"choices":[`;

function envelope(head: object, withUsage: boolean) {
  const start = `data: ${startOf(head)}`;
  const close = withUsage ? '],"usage":null}\n\n' : "]}\n\n";
  return {
    event: (choice: string): string => start + choice + close,
    usageEvent: (usage: Usage): string => (withUsage ? `${start}],"usage":${JSON.stringify(usageOf(usage))}}\n\n` : ""),
  };
}

function usageOf({ prompt_tokens, completion_tokens, estimated }: Usage): object {
  const total_tokens = prompt_tokens + completion_tokens;
  return { prompt_tokens, completion_tokens, total_tokens, ...(estimated && { estimated }) };
}
