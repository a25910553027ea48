import OpenAI from "openai";
import { afterEach, expect, test } from "vitest";
import { DEFAULT_EMBEDDING_CACHE } from "../../services/gateway/routing/default-routes.ts";
import type { ModelSettings } from "../../services/gateway/routing/route-table.ts";
import { type Asking, ask, metricOf } from "../helpers/ask.ts";
import { embeddingsOf, embeds, sendJson, textsOf, vectorOf } from "../helpers/embedding-server.ts";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import { type Behaviour, type MockUpstream, mockUpstream } from "../helpers/mock-upstream.ts";

let upstream: MockUpstream;
let gateway: TestGateway;

const tableFor = (baseUrl: string, model: Partial<ModelSettings> = {}) =>
  tableOf([openAi("tei", baseUrl, { model: "bge" })], {
    alias: "embed",
    kind: "embed",
    tiers: [[arm("tei")]],
    ...model,
  });

async function start(behave: Behaviour, model: Partial<ModelSettings> = {}): Promise<void> {
  upstream = await mockUpstream(behave);
  gateway = await startGateway({ table: tableFor(upstream.baseUrl, model) });
}

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const client = (): OpenAI => new OpenAI({ baseURL: gateway.url, apiKey: "any", maxRetries: 0 });
const create = (input: string | string[], more: object = {}) =>
  client().embeddings.create({ model: "embed", input, ...more });
const embed = (body: object, more: Asking = {}) =>
  ask(gateway, { ...more, path: "/embeddings", body: { model: "embed", ...body } });
const vectorsOf = ({ data }: OpenAI.CreateEmbeddingResponse): number[][] =>
  data.map(({ embedding }) => Array.from(embedding));
const cached = { cache: DEFAULT_EMBEDDING_CACHE };

test.each([{}, { encoding_format: "float" as const }, { encoding_format: "base64" as const }])(
  "the official SDK gets the vectors in the order of its texts with %j",
  async (format) => {
    await start(embeds());
    const texts = ["first", "二", "a third one"];
    const answer = await create(texts, format);
    expect(answer.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(answer.model).toBe("embed");
    expect(answer.usage).toEqual({ prompt_tokens: 17, total_tokens: 17 });
    const expected =
      format.encoding_format === "base64"
        ? texts.map((text) => Buffer.from(Float32Array.from(vectorOf(text)).buffer).toString("base64"))
        : texts.map((text) => vectorOf(text));
    expect(answer.data.map(({ embedding }) => (typeof embedding === "string" ? embedding : [...embedding]))).toEqual(
      expected,
    );
    expect(upstream.calls[0]!.body).toEqual({ model: "bge", input: texts, encoding_format: "float" });
  },
);

test("one text needs no list, and the dimensions are the caller's", async () => {
  await start(embeds());
  expect(vectorsOf(await create("alone", { dimensions: 8 }))).toEqual([vectorOf("alone", 8)]);
  expect(upstream.calls[0]!.body).toMatchObject({ input: ["alone"], dimensions: 8 });
});

test.each<[string, object, string, string]>([
  ["tokens", { input: [1, 2, 3] }, "unsupported_field", "input"],
  ["lists of tokens", { input: [[1, 2], [3]] }, "unsupported_field", "input"],
  ["an empty text", { input: "" }, "invalid_request", "input"],
  ["an empty text among others", { input: ["a", ""] }, "invalid_request", "input.1"],
  ["no texts", { input: [] }, "invalid_request", "input"],
  ["too many texts", { input: Array(2049).fill("a") }, "invalid_request", "input"],
  ["no input", {}, "invalid_request", "input"],
  ["dimensions of 0", { input: "a", dimensions: 0 }, "invalid_request", "dimensions"],
  ["an unknown field", { input: "a", truncate: true }, "unknown_field", "truncate"],
])("%s are refused before any model server is asked", async (_, body, code, param) => {
  await start(embeds());
  const { status, text } = await embed(body);
  expect({ status, ...JSON.parse(text).error }).toMatchObject({ status: 400, code, param });
  expect(upstream.calls).toHaveLength(0);
});

test("a chat model is no embedding model", async () => {
  await start(embeds());
  expect((await embed({ model: "chat", input: "a" })).status).toBe(404);
  expect((await ask(gateway, { body: { model: "embed" } })).status).toBe(404);
});

test("a text that is known is answered without a model server, to its own tenant only", async () => {
  await start(embeds(), cached);
  const first = await embed({ input: ["a", "b"] });
  const second = await embed({ input: ["b", "c", "a"] });
  const third = await embed({ input: ["a", "c"] });
  expect(upstream.calls.map(textsOf)).toEqual([["a", "b"], ["c"]]);
  expect([first, second, third].map(({ status }) => status)).toEqual([200, 200, 200]);
  expect([first, second, third].map(({ headers }) => headers["x-cairn-cache"])).toEqual([undefined, undefined, "hit"]);
  expect(JSON.parse(second.text)).toMatchObject({
    data: ["b", "c", "a"].map((text) => ({ embedding: vectorOf(text) })),
    usage: { prompt_tokens: 1 },
  });
  expect(JSON.parse(third.text)).toMatchObject({
    data: ["a", "c"].map((text) => ({ embedding: vectorOf(text) })),
    usage: { prompt_tokens: 0, total_tokens: 0 },
  });
  await embed({ input: "a" }, { headers: { "x-cairn-tenant": "other" } });
  await embed({ input: "a", dimensions: 8 });
  expect(upstream.calls).toHaveLength(4);
});

test("without a cache every request reaches the model server, and a failure is never kept", async () => {
  await start(embeds());
  await embed({ input: "a" });
  await embed({ input: "a" });
  expect(upstream.calls).toHaveLength(2);
  gateway.gateway.apply(tableFor(upstream.baseUrl, cached));
  expect((await embed({ input: "bad" })).status).toBe(400);
  expect((await embed({ input: "bad" })).status).toBe(400);
  expect(upstream.calls).toHaveLength(4);
});

test("vectors of another model server are not mixed with those that are known", async () => {
  await start(embeds(), cached);
  await embed({ input: "a" });
  const other = await mockUpstream((response) => sendJson(response, { data: [{ index: 0, embedding: [7, 7] }] }));
  gateway.gateway.apply(tableFor(other.baseUrl, cached));
  expect(JSON.parse((await embed({ input: "a" })).text).data[0].embedding).toEqual([7, 7]);
  await other.close();
});

const two = ["one", "two!"];
const good = embeddingsOf(two);
const [a, b] = good.data as { index: number; embedding: number[] }[];
test.each<[string, object | string]>([
  ["a vector too few", { data: [a] }],
  ["a vector too many", { data: [a, b, a] }],
  ["one index twice", { data: [a, { ...b, index: 0 }] }],
  ["an index beyond the texts", { data: [a, { ...b, index: 2 }] }],
  ["an index that is no whole number", { data: [a, { ...b, index: 0.5 }] }],
  ["vectors of different lengths", { data: [a, { ...b, embedding: [1] }] }],
  ["an empty vector", { data: [a, { ...b, embedding: [] }] }],
  ["a number that is none", JSON.stringify(good).replace(/\[[\d.]+,/, "[NaN,")],
  ["a number beyond 32 bits", JSON.stringify(good).replace(/\[[\d.]+,/, "[1e300,")],
  ["null as a number", { data: [a, { ...b, embedding: [null, 1, 1, 1] }] }],
  ["text as numbers", { data: [a, { ...b, embedding: ["1", "1", "1", "1"] }] }],
  ["null as an item", { data: [a, null] }],
  ["null", "null"],
  ["a list", "[]"],
])("%s is the model server's failure and tried again", async (_, wrong) => {
  let calls = 0;
  await start((response) => sendJson(response, calls++ === 0 ? wrong : good), { maxAttempts: 2 });
  const { status, headers, text } = await embed({ input: two });
  expect(status).toBe(200);
  expect(headers["x-cairn-attempts"]).toBe("2");
  expect(JSON.parse(text).data.map(({ embedding }: { embedding: number[] }) => embedding)).toEqual(
    two.map((each) => vectorOf(each)),
  );
  expect(await metricOf(gateway, 'cairn_gateway_attempts_total{upstream="tei",outcome="upstream_failed"}')).toBe(1);
});

test("vectors in any order are put in the order of their index", async () => {
  await start((response) => sendJson(response, { ...good, data: [b, a] }));
  expect(vectorsOf(await create(two))).toEqual(two.map((each) => vectorOf(each)));
});
