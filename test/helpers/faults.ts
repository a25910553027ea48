import { setTimeout as sleep } from "node:timers/promises";
import { type Behaviour, DONE, delta, fails, finish, resets, stalls, streams, usage } from "./mock-upstream.ts";

/** The status of a refusal, `event` for an error event in a stream that has begun, `whole` for a right answer. */
export type Seen = number | "event" | "whole";
export type Fault = {
  readonly name: string;
  readonly behave: Behaviour;
  readonly streamed: Seen;
  readonly whole: Seen;
  /** As the counter of attempts has it. */
  readonly outcome: string;
  /** Not to be tried again, there or elsewhere. */
  readonly final?: boolean;
  /** Said by the upstream, so long that nobody waits for it. */
  readonly retryAfter?: string;
};

export const TEXT = "Zürich 你好 🙂.";
const GOOD = [delta("Zürich 你"), delta("好 🙂."), finish("stop"), DONE];

type Way = { readonly stream: Behaviour; readonly json: Behaviour };

const json =
  (text: string): Behaviour =>
  (response) =>
    void response.writeHead(200, { "content-type": "application/json" }).end(text);
const page = (status: number, type: string, text: string, headers: Record<string, string> = {}): Behaviour => {
  return (response) => void response.writeHead(status, { "content-type": type, ...headers }).end(text);
};
/** Whoever streams and whoever does not get different things. */
const byForm =
  ({ stream, json }: Way): Behaviour =>
  (response, call) =>
    (call.body.stream ? stream : json)(response, call);
const answer = (content: string, finish_reason: string): string =>
  JSON.stringify({ choices: [{ message: { content }, finish_reason }] });
const byteByByte =
  (type: string, text: string): Behaviour =>
  async (response) => {
    response.socket?.setNoDelay(true);
    response.writeHead(200, { "content-type": type });
    for (const byte of Buffer.from(text)) {
      response.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    response.end();
  };
/** The headers and no byte more. */
const headersThen =
  (then: (socket: NonNullable<Parameters<Behaviour>[0]["socket"]>) => void): Behaviour =>
  async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    await sleep(10);
    if (response.socket) then(response.socket);
  };

const upstreamFailed = { streamed: 502, whole: 502, outcome: "upstream_failed" } as const;
const brokenOff = { streamed: "event", whole: 502, outcome: "upstream_failed" } as const;
const tooSlow = { streamed: 504, whole: 504, outcome: "upstream_timeout" } as const;
const harmless = { streamed: "whole", whole: "whole", outcome: "ok" } as const;

export const FAULTS: readonly Fault[] = [
  {
    name: "a 429 with a long Retry-After",
    behave: fails(429, undefined, { "retry-after": "7" }),
    streamed: 429,
    whole: 429,
    outcome: "rate_limited",
    final: true,
    retryAfter: "7",
  },
  { name: "a 429 without Retry-After", behave: fails(429), streamed: 429, whole: 429, outcome: "rate_limited" },
  { name: "a 500", behave: fails(500), ...upstreamFailed },
  { name: "a 503", behave: fails(503), streamed: 503, whole: 503, outcome: "unavailable" },
  { name: "a 401", behave: fails(401), ...upstreamFailed },
  {
    name: "a redirect",
    behave: page(307, "text/plain", "secret", { location: "http://127.0.0.1:9/secret" }),
    ...upstreamFailed,
  },
  { name: "a 204", behave: (response) => void response.writeHead(204).end(), ...upstreamFailed },
  {
    name: "a reset before the headers",
    behave: (response) => void response.socket?.resetAndDestroy(),
    ...upstreamFailed,
  },
  { name: "an end before the headers", behave: (response) => void response.socket?.destroy(), ...upstreamFailed },
  { name: "a reset after the headers", behave: headersThen((socket) => socket.resetAndDestroy()), ...upstreamFailed },
  { name: "a reset in mid-answer", behave: resets(delta("Half an ")), ...brokenOff },
  { name: "silence before the headers", behave: () => {}, ...tooSlow },
  { name: "silence before the first token", behave: stalls(": waiting\n\n"), ...tooSlow },
  {
    name: "silence in mid-answer",
    behave: stalls(delta("Half an ")),
    streamed: "event",
    whole: 504,
    outcome: "upstream_timeout",
  },
  {
    name: "an early end",
    behave: byForm({ stream: streams(delta("Half an ")), json: json(answer("Half", "stop").slice(0, -9)) }),
    ...brokenOff,
  },
  {
    name: "an answer that the server dropped",
    behave: byForm({ stream: streams(delta("Half an "), finish("abort"), DONE), json: json(answer("Half", "abort")) }),
    ...brokenOff,
  },
  {
    name: "an error in mid-stream",
    behave: byForm({
      stream: streams(delta("Half an "), 'data: {"error":{"message":"secret"}}\n\n', DONE),
      json: json('{"error":{"message":"secret"}}'),
    }),
    ...brokenOff,
  },
  {
    name: "an error of another form in mid-stream",
    behave: byForm({
      stream: streams(delta("Half an "), 'event: error\ndata: {"object":"error","message":"secret"}\n\n', DONE),
      json: json('{"object":"error","message":"secret"}'),
    }),
    ...brokenOff,
  },
  {
    name: "invalid JSON in mid-stream",
    behave: byForm({
      stream: streams(delta("Half an "), "data: {secret\n\n", finish("stop"), DONE),
      json: json("{secret"),
    }),
    ...brokenOff,
  },
  { name: "invalid JSON at once", behave: streams("data: {secret\n\n", DONE), ...upstreamFailed },
  { name: "a huge line", behave: streams(`data: ${"secret".repeat(300_000)}`), ...upstreamFailed },
  {
    name: "a huge line in mid-stream",
    behave: byForm({
      stream: streams(delta("Half an "), `data: ${"secret".repeat(300_000)}`),
      json: json("secret".repeat(300_000)),
    }),
    ...brokenOff,
  },
  { name: "a page of HTML", behave: page(200, "text/html", "<html><body>secret</body></html>"), ...upstreamFailed },
  { name: "nothing with 200", behave: page(200, "application/json", ""), ...upstreamFailed },
  {
    name: "JSON for whoever asked for a stream",
    behave: json(answer(TEXT, "stop")),
    streamed: 502,
    whole: "whole",
    outcome: "upstream_failed",
  },
  {
    name: "a stream for whoever did not ask for one",
    behave: page(200, "text/event-stream", GOOD.join("")),
    streamed: "whole",
    whole: 502,
    outcome: "upstream_failed",
  },
  {
    name: "one byte a write",
    behave: byForm({
      stream: byteByByte("text/event-stream", GOOD.join("")),
      json: byteByByte("application/json", answer(TEXT, "stop")),
    }),
    ...harmless,
  },
  { name: "a missing [DONE]", behave: streams(...GOOD.slice(0, -1)), ...harmless },
  {
    name: "a wrong usage",
    behave: streams(...GOOD.slice(0, -1), usage({ prompt_tokens: -4, completion_tokens: "many" }), DONE),
    ...harmless,
  },
  {
    name: "an early hint",
    behave: (response, call) => {
      response.writeEarlyHints({ link: "</x>; rel=preload" });
      return streams(...GOOD)(response, call);
    },
    ...harmless,
  },
];
