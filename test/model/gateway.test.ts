import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { collect } from "../helpers/collect.ts";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import { type ModelServer, modelServer } from "./model-server.ts";

const FREED_MS = 200;
const TOO_LONG = "word ".repeat(20_000);

let server: ModelServer | string;
let gateway: TestGateway | undefined;

beforeAll(async () => {
  server = await modelServer();
  if (typeof server === "string") {
    process.stdout.write(`test:model skipped: ${server}\n`);
    return;
  }
  // One request at a time, as the server works: everybody else waits in the gateway and not in the server's socket.
  const real = openAi("real", server.baseUrl, { model: server.model, maxConcurrent: 1 });
  const extractive = { kind: "embedded", name: "extractive", maxConcurrent: 8 } as const;
  const table = tableOf([real, extractive], { tiers: [[arm("real")], [arm("extractive")]] });
  gateway = await startGateway({ table });
});
beforeEach(({ skip }) => skip(typeof server === "string", String(server)));
afterAll(async () => {
  await gateway?.close();
  if (typeof server !== "string") server.stop();
});

const client = (): OpenAI => new OpenAI({ baseURL: gateway!.url, apiKey: "any", maxRetries: 0 });
const ask = (content: string, max_tokens = 24) => ({
  model: "chat",
  max_tokens,
  temperature: 0,
  messages: [{ role: "user" as const, content }],
});
const demand = async (): Promise<number> =>
  Number(/cairn_gateway_demand\{model="chat"\} (\d+)/.exec(await gateway!.metrics.registry.metrics())?.[1]);

test("a whole answer and a streamed one come with their tokens counted", async () => {
  const whole = await client().chat.completions.create(ask("Say hello."));
  const chunks = await collect(
    await client().chat.completions.create({
      ...ask("Say hello."),
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
  expect(whole.choices[0]!.message.content!.length).toBeGreaterThan(0);
  expect(text.length).toBeGreaterThan(0);
  expect(whole.usage!.completion_tokens).toBeGreaterThan(0);
  // This server sends no usage in streams: ours is an estimate and says so.
  const usage = chunks.at(-1)!.usage as OpenAI.CompletionUsage & { estimated?: boolean };
  expect(usage.completion_tokens).toBeGreaterThan(0);
  expect(usage.prompt_tokens).toBeGreaterThan(0);
});

test("four at once are served one after the other, and the demand says how many there are", async () => {
  const answers = Array.from({ length: 4 }, (_, i) => client().chat.completions.create(ask(`Count to ${i + 3}.`)));
  await expect.poll(demand, { interval: 5 }).toBe(4);
  for (const { choices } of await Promise.all(answers)) expect(choices[0]!.message.content).toBeTruthy();
  expect(await demand()).toBe(0);
});

test("a client that leaves frees the model for the next one", async () => {
  const leave = new AbortController();
  const stream = await client().chat.completions.create(
    { ...ask("Tell a very long story about the sea.", 1500), stream: true },
    { signal: leave.signal },
  );
  await stream[Symbol.asyncIterator]().next();
  leave.abort();
  const left = performance.now();
  await expect.poll(demand, { interval: 5 }).toBe(0);
  const freedMs = performance.now() - left;
  process.stdout.write(`freed after ${freedMs.toFixed(0)} ms\n`);
  expect(freedMs).toBeLessThan(FREED_MS);
  const next = await client().chat.completions.create(ask("Say hello."));
  expect(next.choices[0]!.message.content).toBeTruthy();
});

test("a prompt that is too long is the caller's to shorten, in our words", async () => {
  await expect(client().chat.completions.create(ask(TOO_LONG))).rejects.toMatchObject({
    status: 400,
    code: "invalid_request",
    param: "messages",
  });
});

test("the older completions go on from a prompt", async () => {
  const { choices } = await client().completions.create({
    model: "chat",
    prompt: "Once upon a time",
    max_tokens: 12,
    temperature: 0,
  });
  expect(choices[0]!.text.length).toBeGreaterThan(0);
});
