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

export function chatShape(head: Head, withUsage: boolean): AnswerShape {
  return {
    whole({ text, finishReason, usage }) {
      const start = startOf("chat.completion", head);
      const message = `{"role":"assistant","content":${JSON.stringify(text)},"refusal":null}`;
      const choice = `{"index":0,"message":${message},"logprobs":null,"finish_reason":"${finishReason}"}`;
      return `${start}${choice}],"usage":${usageOf(usage)}}`;
    },
    events() {
      const { event, usageEvent } = envelope("chat.completion.chunk", head, withUsage);
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

export function completionShape(head: Head, withUsage: boolean): AnswerShape {
  return {
    whole({ text, finishReason, usage }) {
      const choice = `{"index":0,"text":${JSON.stringify(text)},"logprobs":null,"finish_reason":"${finishReason}"}`;
      return `${startOf("text_completion", head)}${choice}],"usage":${usageOf(usage)}}`;
    },
    events() {
      const { event, usageEvent } = envelope("text_completion", head, withUsage);
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
const startOf = (object: string, { id, created, model }: Head): string =>
  `{"id":"${id}","object":"${object}","created":${created},"model":${JSON.stringify(model)},"choices":[`;

function envelope(object: string, head: Head, withUsage: boolean) {
  const start = `data: ${startOf(object, head)}`;
  const close = withUsage ? '],"usage":null}\n\n' : "]}\n\n";
  return {
    event: (choice: string): string => start + choice + close,
    usageEvent: (usage: Usage): string => (withUsage ? `${start}],"usage":${usageOf(usage)}}\n\n` : ""),
  };
}

function usageOf({ prompt_tokens, completion_tokens, estimated }: Usage): string {
  const total = prompt_tokens + completion_tokens;
  const counts = `"prompt_tokens":${prompt_tokens},"completion_tokens":${completion_tokens},"total_tokens":${total}`;
  return estimated ? `{${counts},"estimated":true}` : `{${counts}}`;
}
