import OpenAI from "openai";
import { afterEach, beforeEach, expect, test } from "vitest";
import { collect } from "../helpers/collect.ts";
import { PROMPT, post, type TestGateway, testGateway } from "../helpers/gateway.ts";
import {
  type Behaviour,
  DONE,
  delta,
  finish,
  type MockUpstream,
  mockUpstream,
  streams,
  trickles,
  usage,
} from "../helpers/mock-upstream.ts";

let behave: Behaviour;
let upstream: MockUpstream;
let gateway: TestGateway;

const COUNTED = { prompt_tokens: 11, completion_tokens: 3, total_tokens: 14 };

beforeEach(async () => {
  behave = streams(delta("Hello "), delta("你好"), finish("stop"), usage(COUNTED), DONE);
  upstream = await mockUpstream((response, call) => behave(response, call));
  gateway = await testGateway(upstream.baseUrl);
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const client = (): OpenAI => new OpenAI({ baseURL: gateway.url, apiKey: "any", maxRetries: 0 });
const question = { model: "chat", messages: [{ role: "user" as const, content: PROMPT }] };

test("the official SDK gets a completion with the upstream's usage", async () => {
  const completion = await client().chat.completions.create(question);
  expect(completion.choices[0]).toMatchObject({
    message: { role: "assistant", content: "Hello 你好" },
    finish_reason: "stop",
  });
  expect(completion.usage).toEqual(COUNTED);
  expect(completion.model).toBe("chat");
});

test("the official SDK streams, with the usage last when asked for", async () => {
  const stream = await client().chat.completions.create({
    ...question,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await collect(stream);
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("Hello 你好");
  expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe("stop");
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: COUNTED });
});

test("a stream that arrives byte by byte with CRLF and comments gives the same text", async () => {
  const text = [": hi\n\n", delta("Zürich 你"), delta("好 🙂"), finish("stop"), DONE].join("");
  behave = trickles(text.replaceAll("\n", "\r\n"));
  const chunks = await collect(await client().chat.completions.create({ ...question, stream: true }));
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("Zürich 你好 🙂");
});

test("a missing [DONE] after the finish reason is no failure", async () => {
  behave = streams(delta("Enough."), finish("length"));
  const text = await (await post(gateway, { stream: true })).text();
  expect(text).toContain('"finish_reason":"length"');
  expect(text.endsWith(DONE)).toBe(true);
});

test.each([[{ prompt_tokens: -1, completion_tokens: "many" }], ["none"], [null]])(
  "usage %j is replaced by a marked estimate",
  async (wrong) => {
    behave = streams(delta("Enough."), finish("stop"), usage(wrong), DONE);
    const { usage: reported } = (await (await post(gateway)).json()) as {
      usage: { estimated: boolean; completion_tokens: number };
    };
    expect(reported).toMatchObject({ estimated: true, completion_tokens: 2 });
  },
);

test("only fields of the allow-list reach the upstream", async () => {
  const sampling = { temperature: 0, max_tokens: 9, seed: 1, stop: "x" };
  await (await post(gateway, { ...sampling, user: "u", metadata: { a: "b" }, stream: true })).text();
  expect(upstream.calls[0]!.body).toEqual({
    model: "m-1",
    messages: [{ role: "user", content: PROMPT }],
    temperature: 0,
    max_tokens: 9,
    seed: 1,
    stop: ["x"],
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(upstream.calls[0]!.headers.authorization).toBe("Bearer k");
});

test.each([
  ["tools", { tools: [] }, "unsupported_field", "tools"],
  ["response_format", { response_format: { type: "json_object" } }, "unsupported_field", "response_format"],
  ["several choices", { n: 2 }, "unsupported_field", "n"],
  [
    "an image",
    { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "http://x" } }] }] },
    "unsupported_field",
    "messages.0.content.0.type",
  ],
  ["an unknown field", { chat_template: "x" }, "unknown_field", "chat_template"],
  ["a wrong value", { temperature: 3 }, "invalid_request", "temperature"],
])("%s is refused with the field's name", async (_, body, code, param) => {
  const response = await post(gateway, body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code, param, type: "invalid_request_error" } });
  expect(upstream.calls).toHaveLength(0);
});

test("an unknown model is a 404 that names the ones there are", async () => {
  const failure = client().chat.completions.create({ ...question, model: "gpt-9" });
  await expect(failure).rejects.toMatchObject({ status: 404, code: "model_not_found", param: "model" });
  await expect(failure).rejects.toThrow("Available: chat");
});

test("the models are the aliases", async () => {
  const models = await collect(client().models.list());
  expect(models.map(({ id }) => id)).toEqual(["chat"]);
});

test("developer messages become system messages and text parts are joined", async () => {
  const messages = [
    { role: "developer", content: "Be brief." },
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    },
  ];
  await (await post(gateway, { messages })).text();
  expect(upstream.calls[0]!.body.messages).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "ab" },
  ]);
});
