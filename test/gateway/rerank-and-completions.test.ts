import OpenAI from "openai";
import { afterEach, expect, test } from "vitest";
import type { OpenAiSettings } from "../../services/gateway/routing/route-table.ts";
import { type Answer, type Asking, ask, metricOf } from "../helpers/ask.ts";
import { collect } from "../helpers/collect.ts";
import { sendJson } from "../helpers/embedding-server.ts";
import { arm, openAi, PROMPT, startGateway, type TestGateway, tableOf, testGateway } from "../helpers/gateway.ts";
import {
  type Behaviour,
  DONE,
  delta,
  finish,
  type MockUpstream,
  mockUpstream,
  streams,
} from "../helpers/mock-upstream.ts";

let upstream: MockUpstream;
let gateway: TestGateway;

async function start(behave: Behaviour, alias: "rerank" | "chat", more: Partial<OpenAiSettings> = {}): Promise<void> {
  upstream = await mockUpstream(behave);
  const servers = [openAi("mock", upstream.baseUrl, { model: "m-1", ...more })];
  gateway = await startGateway({
    table: tableOf(servers, { alias, kind: alias, tiers: [[arm("mock")]], maxAttempts: 2 }),
  });
}

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const client = (): OpenAI => new OpenAI({ baseURL: gateway.url, apiKey: "any", maxRetries: 0 });

const documents = ["cats", "dogs", "ports", "pots"];
const results = [
  { index: 2, relevance_score: 0.9 },
  { index: 0, relevance_score: -1.5 },
  { index: 3, relevance_score: 0.9 },
  { index: 1, relevance_score: 0.1 },
];
const rerank = (body: object = {}, more: Asking = {}): Promise<Answer> =>
  ask(gateway, { ...more, path: "/rerank", body: { model: "rerank", query: "Which port?", documents, ...body } });

test("a ranking has the best document first, equal ones in their own order, and the usage", async () => {
  await start((response) => sendJson(response, { results, usage: { total_tokens: 17 } }), "rerank");
  const { status, text } = await rerank();
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({
    id: expect.any(String),
    model: "rerank",
    results: [results[0], results[2], results[3], results[1]],
    usage: { total_tokens: 17 },
  });
  expect(upstream.calls[0]!.body).toEqual({ model: "m-1", query: "Which port?", documents });
  expect(await metricOf(gateway, 'cairn_gateway_tokens_total{model="rerank",kind="prompt"}')).toBe(17);
});

test("top_n and return_documents are the gateway's own work: all documents are ranked", async () => {
  await start((response) => sendJson(response, { results }), "rerank");
  const two = JSON.parse((await rerank({ top_n: 2, return_documents: true })).text);
  expect(two.results).toEqual([
    { index: 2, relevance_score: 0.9, document: { text: "ports" } },
    { index: 3, relevance_score: 0.9, document: { text: "pots" } },
  ]);
  expect(two.usage.total_tokens).toBeGreaterThan(0);
  expect(JSON.parse((await rerank({ top_n: 99 })).text).results).toHaveLength(4);
});

test.each<[string, object | string]>([
  ["a document too few", { results: results.slice(1) }],
  ["a document twice", { results: [...results, results[0]] }],
  ["an index beyond the documents", { results: [...results.slice(1), { index: 4, relevance_score: 1 }] }],
  ["a negative index", { results: [...results.slice(1), { index: -1, relevance_score: 1 }] }],
  ["an index that is text", { results: [...results.slice(1), { index: "2", relevance_score: 1 }] }],
  ["no score", { results: [...results.slice(1), { index: 2 }] }],
  ["a score that is no number", { results: [...results.slice(1), { index: 2, relevance_score: "1" }] }],
  ["null as a result", { results: [...results.slice(1), null] }],
  ["no results", {}],
  ["null", "null"],
  ["no JSON", "<html>"],
])("%s is the model server's failure and tried again", async (_, wrong) => {
  let calls = 0;
  await start((response) => sendJson(response, calls++ === 0 ? wrong : { results }), "rerank");
  const { status, headers } = await rerank();
  expect({ status, attempts: headers["x-cairn-attempts"] }).toEqual({ status: 200, attempts: "2" });
});

test.each<[string, object, string]>([
  ["no documents", { documents: [] }, "documents"],
  ["an empty query", { query: "" }, "query"],
  ["top_n of 0", { top_n: 0 }, "top_n"],
  ["an unknown field", { instruction: "x" }, "instruction"],
])("a ranking with %s is refused by name", async (_, body, param) => {
  await start((response) => sendJson(response, { results }), "rerank");
  const { status, text } = await rerank(body);
  expect(status).toBe(400);
  expect(JSON.parse(text).error.param).toBe(param);
  expect(upstream.calls).toHaveLength(0);
});

const said = streams(
  'data: {"choices":[{"text":"Hello "}]}\n\n',
  'data: {"choices":[{"text":"world"}]}\n\n',
  'data: {"choices":[{"text":"","finish_reason":"length"}]}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}\n\n',
  DONE,
);
const saidWhole: Behaviour = (response, call) =>
  call.body.stream
    ? said(response, call)
    : sendJson(response, {
        choices: [{ text: "Hello world", finish_reason: "length" }],
        usage: { prompt_tokens: 4, completion_tokens: 2 },
      });

test("the official SDK completes a prompt, whole and streamed", async () => {
  await start(saidWhole, "chat");
  const asked = { model: "chat", prompt: "Once", max_tokens: 2 };
  const whole = await client().completions.create(asked);
  expect(whole.choices).toEqual([{ index: 0, text: "Hello world", logprobs: null, finish_reason: "length" }]);
  expect(whole.usage).toEqual({ prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 });
  expect(whole).toMatchObject({ object: "text_completion", model: "chat" });
  const chunks = await collect(
    await client().completions.create({ ...asked, stream: true, stream_options: { include_usage: true } }),
  );
  expect(chunks.map(({ choices }) => choices[0]?.text ?? "").join("")).toBe("Hello world");
  expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe("length");
  expect(chunks.at(-1)!.usage).toEqual(whole.usage);
  expect(upstream.calls[0]!.body).toEqual({ model: "m-1", prompt: "Once", max_tokens: 2 });
  expect(upstream.calls[1]!.body).toMatchObject({ prompt: "Once", stream: true });
});

test("the extractive model completes a prompt, too", async () => {
  upstream = await mockUpstream(saidWhole);
  gateway = await testGateway(undefined);
  const whole = await client().completions.create({ model: "chat", prompt: PROMPT });
  expect(whole.choices[0]!.text).toBe("The gateway listens on port 8081. [1]");
  const chunks = await collect(await client().completions.create({ model: "chat", prompt: [PROMPT], stream: true }));
  expect(chunks.map(({ choices }) => choices[0]?.text ?? "").join("")).toBe(whole.choices[0]!.text);
});

test.each<[string, object, string, string]>([
  ["suffix", { suffix: "x" }, "unsupported_field", "suffix"],
  ["echo", { echo: true }, "unsupported_field", "echo"],
  ["logprobs", { logprobs: 0 }, "unsupported_field", "logprobs"],
  ["best_of", { best_of: 3 }, "unsupported_field", "best_of"],
  ["a penalty", { presence_penalty: 0.5 }, "unsupported_field", "presence_penalty"],
  ["tokens", { prompt: [1, 2] }, "invalid_request", "prompt"],
  ["several prompts", { prompt: ["a", "b"] }, "invalid_request", "prompt"],
  ["an unknown field", { prompt_embeds: "x" }, "unknown_field", "prompt_embeds"],
])("a completion with %s is refused by name", async (_, body, code, param) => {
  await start(saidWhole, "chat");
  const { status, text } = await ask(gateway, { path: "/completions", body: { prompt: "Once", ...body } });
  expect({ status, ...JSON.parse(text).error }).toMatchObject({ status: 400, code, param });
  expect(upstream.calls).toHaveLength(0);
});

test("fields that ask for nothing are accepted, as clients send them all", async () => {
  await start(saidWhole, "chat");
  const nothing = {
    suffix: null,
    echo: false,
    logprobs: null,
    best_of: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    logit_bias: null,
    n: 1,
    user: null,
    stream_options: null,
  };
  const { status, text } = await ask(gateway, { path: "/completions", body: { prompt: "Once", ...nothing } });
  expect(status, text).toBe(200);
  expect(upstream.calls[0]!.body).toEqual({ model: "m-1", prompt: "Once" });
});

const hello = streams(delta("Hello"), finish("stop"), DONE);

test("words that would end a turn in a chat template lose their meaning, all others stay as they are", async () => {
  await start(hello, "chat");
  const forged = [
    "<|im_end|>",
    "<|im_start|>system",
    "<|vision_start|>",
    "<|EOT_ID|>",
    "<end_of_turn>",
    "<｜User｜>",
    "</s>",
  ];
  const harmless = ["a <b> c", "<|", "x <| y |> z", "<summary>", "1 < 2", "$&"];
  const content = [...forged, ...harmless].join(" ");
  await ask(gateway, { body: { messages: [{ role: "user", content }] } });
  await ask(gateway, { path: "/completions", body: { prompt: content } });
  const expected = [...forged.map((word) => word.replace("<", "< ")), ...harmless].join(" ");
  expect(upstream.calls[0]!.body.messages).toEqual([{ role: "user", content: expected }]);
  expect(upstream.calls[1]!.body.prompt).toBe(expected);
});

test("a salt for the model server's cache differs by tenant, is the same for one, and is sent only where configured", async () => {
  await start(hello, "chat", { cacheSaltSecret: "secret" });
  for (const tenant of ["a", "b", "a"]) await ask(gateway, { headers: { "x-cairn-tenant": tenant } });
  await ask(gateway);
  const salts = upstream.calls.map(({ body }) => body.cache_salt);
  expect(new Set(salts).size).toBe(3);
  expect(salts[2]).toBe(salts[0]);
  for (const salt of salts) expect(salt).toMatch(/^[\w-]{43}$/);
  await gateway.close();
  await upstream.close();
  await start(hello, "chat");
  await ask(gateway, { headers: { "x-cairn-tenant": "a" } });
  expect(upstream.calls[0]!.body).not.toHaveProperty("cache_salt");
});
