import { ChatOpenAI } from "@langchain/openai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect } from "../helpers/collect.ts";
import { type Completion, type LocalApp, openLocal } from "../helpers/local.ts";

const QUESTION = "Which port does the gateway use?";
let app: LocalApp;
let openai: OpenAI;
let langchain: ChatOpenAI;

beforeAll(async () => {
  app = await openLocal({
    auth: "keys",
    files: {
      "ports.md": "# Ports\n\nThe gateway listens on port 8081. Metrics are served on port 9090.\n",
      "colours.md": "# Colours\n\nThe logo of the company is teal.\n",
    },
  });
  const { key } = await app.keyFor({ subject: "sdk" });
  const baseURL = `${app.address}/v1`;
  openai = new OpenAI({ apiKey: key, baseURL, maxRetries: 0 });
  langchain = new ChatOpenAI({ model: "cairn", apiKey: key, maxRetries: 0, configuration: { baseURL } });
});
afterAll(() => app.close());

describe("the official OpenAI SDK", () => {
  test("gets a cited answer", async () => {
    const completion = await openai.chat.completions.create({
      model: "cairn",
      messages: [{ role: "user", content: QUESTION }],
    });
    expect(completion.object).toBe("chat.completion");
    expect(completion.choices[0]?.message.content).toMatch(/8081.*\[1\]/);
    expect(completion.choices[0]?.finish_reason).toBe("stop");
    expect(completion.choices[0]?.message.annotations?.[0]).toMatchObject({
      type: "url_citation",
      url_citation: { start_index: 0, title: "Ports" },
    });
    expect(completion.usage?.total_tokens).toBeGreaterThan(0);
    expect((completion as unknown as Completion).citations[0]?.source.quote).toContain("8081");
  });

  test("streams the same answer, with lineage in the last event and usage when asked for", async () => {
    const stream = await openai.chat.completions.create({
      model: "cairn",
      messages: [{ role: "user", content: QUESTION }],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    expect(text).toMatch(/8081.*\[1\]/);
    expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
    const last = chunks.at(-1) as unknown as Completion & { usage: { total_tokens: number } };
    expect(last.choices).toEqual([]);
    expect(last.outcome).toBe("answered");
    expect(last.citations).toHaveLength(1);
    expect(last.lineage.id).toBe(chunks[0]?.id.replace("chatcmpl-", ""));
    expect(last.usage.total_tokens).toBeGreaterThan(0);
    expect(chunks.filter(({ choices }) => choices[0]?.finish_reason === "stop")).toHaveLength(1);
  });

  test("assembles the stream with its own helper", async () => {
    const runner = openai.chat.completions.stream({
      model: "cairn",
      messages: [{ role: "user", content: QUESTION }],
    });
    expect(await runner.finalContent()).toContain("8081");
  });

  test("lists the model", async () => {
    expect((await collect(openai.models.list())).map(({ id }) => id)).toEqual(["cairn"]);
    expect(await openai.models.retrieve("cairn")).toMatchObject({ id: "cairn", object: "model" });
    await expect(openai.models.retrieve("gpt-4o")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  });

  test("goes on with the answer that it got, as its examples do", async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: QUESTION }];
    const first = await openai.chat.completions.create({ model: "cairn", messages });
    messages.push(first.choices[0]!.message, { role: "user", content: "What colour is the logo of the company?" });
    const second = await openai.chat.completions.create({ model: "cairn", messages });
    expect(second.choices[0]?.message.content).toContain("teal");
  });

  test("may name the defaults of what is not supported", async () => {
    const defaults = {
      frequency_penalty: 0,
      presence_penalty: 0,
      logprobs: false,
      response_format: { type: "text" as const },
      logit_bias: null,
      n: 1,
    };
    const messages = [{ role: "user" as const, content: QUESTION }];
    const completion = await openai.chat.completions.create({ model: "cairn", messages, ...defaults });
    expect(completion.choices[0]?.message.content).toContain("8081");
    const penalty = openai.chat.completions.create({ model: "cairn", messages, ...defaults, frequency_penalty: 0.5 });
    await expect(penalty).rejects.toMatchObject({ code: "unsupported_field", param: "frequency_penalty" });
  });

  test("throws its own typed errors", async () => {
    const ask = (model: string, apiKey?: string) =>
      openai
        .withOptions(apiKey ? { apiKey } : {})
        .chat.completions.create({ model, messages: [{ role: "user", content: QUESTION }] });
    await expect(ask("gpt-4o")).rejects.toThrow(OpenAI.NotFoundError);
    await expect(ask("gpt-4o")).rejects.toMatchObject({ code: "model_not_found", param: "model" });
    await expect(ask("cairn", "wrong")).rejects.toThrow(OpenAI.AuthenticationError);
    const tools = [{ type: "function" as const, function: { name: "f" } }];
    const messages = [{ role: "user" as const, content: QUESTION }];
    await expect(openai.chat.completions.create({ model: "cairn", messages, tools })).rejects.toMatchObject({
      status: 400,
      code: "unsupported_field",
      param: "tools",
    });
  });
});

describe("LangChain's ChatOpenAI", () => {
  test("gets an answer", async () => {
    const message = await langchain.invoke(QUESTION);
    expect(message.content).toMatch(/8081.*\[1\]/);
  });

  test("streams an answer", async () => {
    const pieces = await collect(await langchain.stream(QUESTION));
    expect(pieces.map(({ content }) => content).join("")).toMatch(/8081.*\[1\]/);
  });

  test("passes a conversation on", async () => {
    const message = await langchain.invoke([
      ["system", "Be brief."],
      ["human", "What colour is the logo of the company?"],
      ["ai", "Teal."],
      ["human", QUESTION],
    ]);
    expect(message.content).toContain("8081");
  });

  test("passes sampling settings on", async () => {
    const strict = new ChatOpenAI({
      model: "cairn",
      apiKey: (await app.keyFor({ subject: "lc" })).key,
      temperature: 0.2,
      maxTokens: 300,
      topP: 0.9,
      stop: ["\n\n\n"],
      user: "someone",
      maxRetries: 0,
      configuration: { baseURL: `${app.address}/v1` },
    });
    expect((await strict.invoke(QUESTION)).content).toContain("8081");
  });
});
