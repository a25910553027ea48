import { afterEach, expect, test } from "vitest";
import { DEFAULT_EMBEDDING_CACHE } from "../../services/gateway/routing/default-routes.ts";
import type { ModelSettings } from "../../services/gateway/routing/route-table.ts";
import { type Asking, ask } from "../helpers/ask.ts";
import { embeds, textsOf } from "../helpers/embedding-server.ts";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import { type MockUpstream, mockUpstream } from "../helpers/mock-upstream.ts";

let mock: MockUpstream;
let gateway: TestGateway;

async function start(more: Partial<ModelSettings> = {}, model = "e5"): Promise<void> {
  mock = await mockUpstream(embeds());
  const settings = { alias: "embed", kind: "embed", tiers: [[arm("mock")]], ...more } as const;
  gateway = await startGateway({ table: tableOf([openAi("mock", mock.baseUrl, { model })], settings) });
}
afterEach(async () => {
  await gateway.close();
  await mock.close();
});

const embed = async (body: object, more: Asking = {}) => {
  const answer = await ask(gateway, { ...more, path: "/embeddings", body: { model: "embed", ...body } });
  return { ...answer, body: JSON.parse(answer.text) };
};
const embedderOf = async (body: object = { input: "a" }): Promise<string> => (await embed(body)).body.cairn.embedder;
const prefixes = { queryPrefix: "query: ", passagePrefix: "passage: " };

test("a route's prefix goes before a question and before a passage, and before nothing else", async () => {
  await start(prefixes);
  await embed({ input: ["a", "b"], input_type: "query" });
  await embed({ input: "c", input_type: "passage" });
  await embed({ input: "d" });
  expect(mock.calls.map(textsOf)).toEqual([["query: a", "query: b"], ["passage: c"], ["d"]]);
  expect((await embed({ input: "a", input_type: "other" })).status).toBe(400);
});

test("an answer names what its vectors can be compared with, also one that was kept", async () => {
  await start({ ...prefixes, cache: DEFAULT_EMBEDDING_CACHE });
  const first = await embed({ input: "a", input_type: "query" });
  const second = await embed({ input: "a", input_type: "query" });
  expect(first.body.cairn.embedder).toMatch(/^e5\/4@[0-9a-f]{12}$/);
  expect(second.body.cairn).toEqual(first.body.cairn);
  expect(second.headers["x-cairn-cache"]).toBe("hit");
  expect(second.headers["x-cairn-model"]).toBe("e5");
  expect(await embedderOf({ input: "b", input_type: "passage" })).toBe(first.body.cairn.embedder);
});

test.each([
  ["another model", {}, "e6", {}],
  ["another prefix", { queryPrefix: "q: " }, "e5", {}],
  ["other dimensions", {}, "e5", { dimensions: 8 }],
])("%s is another embedder", async (_, more, model, body) => {
  await start();
  const before = await embedderOf();
  await gateway.close();
  await mock.close();
  await start(more, model);
  expect(await embedderOf({ input: "a", ...body })).not.toBe(before);
});
