import { expect, test } from "vitest";
import { defaultRoutes } from "../../services/gateway/routing/default-routes.ts";
import { openAiUpstream } from "../../services/gateway/upstreams/openai.ts";
import { openAi } from "../helpers/gateway.ts";
import { DONE, delta, finish, mockUpstream, streams } from "../helpers/mock-upstream.ts";

const tried = (settings: Parameters<typeof defaultRoutes>[0]): string[] =>
  defaultRoutes(settings)
    .models.get("chat")!
    .tiers.map(([arm]) => arm!.upstreams.join());

test("without settings the extractive model serves chat alone", () => {
  expect([...defaultRoutes({}).models.keys()]).toEqual(["chat"]);
  expect(tried({})).toEqual(["extractive"]);
});

test("a key or a base URL puts a real model first and keeps extraction as the last fallback", () => {
  expect(tried({ openaiApiKey: "k" })).toEqual(["openai", "extractive"]);
  expect(defaultRoutes({ openaiApiKey: "k" }).upstreams.get("openai")).toMatchObject({ model: "gpt-4o-mini" });
  const local = { openaiBaseUrl: "http://127.0.0.1:1/v1", chatModel: "llama3" };
  expect(tried(local)).toEqual(["openai", "extractive"]);
  expect(defaultRoutes(local).upstreams.get("openai")).toMatchObject({ model: "llama3" });
});

test("a base URL without a model name uses the first model that the server lists", async () => {
  const server = await mockUpstream(streams(delta("Hi."), finish("stop"), DONE), ["first", "second"]);
  const upstream = openAiUpstream(openAi("openai", server.baseUrl));
  await upstream.complete({ messages: [{ role: "user", content: "Hello" }] }, new AbortController().signal);
  expect(server.calls[0]!.body.model).toBe("first");
  expect(upstream.model).toBe("first");
  await upstream.close();
  await server.close();
});
