import { expect, test } from "vitest";
import { defaultRoutes } from "../../services/gateway/routing/default-routes.ts";
import type { ChatRequest } from "../../services/gateway/upstreams/upstream.ts";
import { collect } from "../helpers/collect.ts";
import { DONE, delta, finish, mockUpstream, streams } from "../helpers/mock-upstream.ts";

const models = (settings: Parameters<typeof defaultRoutes>[0]): string[] =>
  defaultRoutes(settings).flatMap(({ tiers }) => tiers.flat().map(({ model }) => model));

test("without settings the extractive model serves chat alone", () => {
  expect(defaultRoutes({}).map(({ alias }) => alias)).toEqual(["chat"]);
  expect(models({})).toEqual(["cairn-extractive"]);
});

test("a key or a base URL puts a real model first and keeps extraction as the last fallback", () => {
  expect(models({ openaiApiKey: "k" })).toEqual(["gpt-4o-mini", "cairn-extractive"]);
  expect(models({ openaiBaseUrl: "http://127.0.0.1:1/v1", chatModel: "llama3" })).toEqual([
    "llama3",
    "cairn-extractive",
  ]);
});

test("a base URL without a model name uses the first model that the server lists", async () => {
  const server = await mockUpstream(streams(delta("Hi."), finish("stop"), DONE), ["first", "second"]);
  const upstream = defaultRoutes({ openaiBaseUrl: server.baseUrl })[0]!.tiers[0]![0]!;
  const request: ChatRequest = { messages: [{ role: "user", content: "Hello" }] };
  await collect(upstream.complete(request, new AbortController().signal));
  expect(server.calls[0]!.body.model).toBe("first");
  expect(upstream.model).toBe("first");
  await server.close();
});
