import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseRouteFile } from "../../services/gateway/route-file/parse-route-file.ts";

const ENV = { VLLM_KEY: "sk-secret", CAIRN_CACHE_SALT: "salt", SPLIT: "two\nlines", EMPTY: "" };
const UPSTREAMS = `
upstreams:
  a: { base_url: http://a/v1 }
  b: { base_url: http://b/v1 }
  extractive: { embedded: extractive }
`;

function mistakesOf(text: string): string[] {
  try {
    parseRouteFile(text, ENV);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    const [head, ...mistakes] = (error as Error).message.split("\n");
    expect(head).toBe("Invalid route file:");
    return mistakes.map((mistake) => mistake.trim());
  }
  return [];
}

const ofModel = (model: string): string[] => mistakesOf(`${UPSTREAMS}models: { chat: ${model} }`);
const ofUpstream = (upstream: string): string[] =>
  mistakesOf(`upstreams: { a: ${upstream} }\nmodels: { chat: { tiers: [[a]] } }`);
const ofLimits = (limits: string): string[] =>
  mistakesOf(`${UPSTREAMS}models: { chat: { tiers: [[a]] } }\nlimits: ${limits}`);

test("the example file is valid and every upstream of it is used", () => {
  const { table, warnings } = parseRouteFile(readFileSync("services/gateway/routes.example.yaml", "utf8"), ENV);
  expect(warnings).toEqual([]);
  expect([...table.models.keys()]).toEqual(["chat", "chat-small", "embed", "rerank"]);
  expect(table.upstreams.get("vllm-a")).toMatchObject({ kind: "openai", apiKey: "sk-secret", cacheSaltSecret: "salt" });
  expect(table.upstreams.get("vllm-a")).toMatchObject({ price: { inputPerMillion: 0.2, outputPerMillion: 0.6 } });
  expect(table.models.get("chat")).toMatchObject({
    shadow: { upstream: "vllm-next", share: 0.05 },
    waitingRoomMs: 60_000,
  });
  expect(table.models.get("embed")).toMatchObject({
    hedgeAfterMs: 50,
    cache: { ttlMs: 86_400_000, maxBytes: 2 ** 28 },
  });
  expect(table.limits.keys.get("a1b2c3d4e5f6")?.requestsPerMinute).toBe(60);
});

test("what a file leaves out has its default", () => {
  const { table } = parseRouteFile("upstreams: {a: {base_url: 'http://a/v1/'}}\nmodels: {chat: {tiers: [[a]]}}", {});
  expect(table.upstreams.get("a")).toEqual({
    kind: "openai",
    name: "a",
    baseUrl: "http://a/v1",
    apiKey: undefined,
    model: undefined,
    maxConcurrent: 256,
    timeouts: { connectMs: 3_000, headersMs: 60_000, firstTokenMs: 120_000, idleMs: 30_000, totalMs: 600_000 },
    price: { inputPerMillion: 0, outputPerMillion: 0 },
    probeMs: 10_000,
    cacheSaltSecret: undefined,
  });
  expect(table.models.get("chat")).toEqual({
    alias: "chat",
    kind: "chat",
    tiers: [[{ upstreams: ["a"], weight: 1 }]],
    queue: { maxRequests: 256, maxBytes: 67_108_864, maxWaitMs: 30_000 },
    waitingRoomMs: 0,
    maxAttempts: 3,
    shadow: undefined,
    cache: undefined,
    hedgeAfterMs: undefined,
  });
  expect(table.limits).toEqual({ default: {}, tenants: new Map(), keys: new Map() });
});

test("the tiers of fallbacks follow, and an upstream keeps only its first place", () => {
  const { table } = parseRouteFile(
    `${UPSTREAMS}models:
  chat: { tiers: [[a]], fallback: middle }
  middle: { tiers: [[{ upstreams: [a, b], weight: 9 }, { upstreams: [extractive], weight: 1 }]], fallback: last }
  last: { tiers: [[b], [extractive]] }`,
    ENV,
  );
  expect(table.models.get("chat")!.tiers).toEqual([
    [{ upstreams: ["a"], weight: 1 }],
    [
      { upstreams: ["b"], weight: 9 },
      { upstreams: ["extractive"], weight: 1 },
    ],
  ]);
  expect(table.models.get("last")!.tiers).toHaveLength(2);
});

test("an upstream that no model uses is a warning", () => {
  const { warnings } = parseRouteFile(
    `${UPSTREAMS}models: { chat: { tiers: [[a]], shadow: { upstream: b, share: 0 } } }`,
    ENV,
  );
  expect(warnings).toEqual(["upstreams.extractive: no model uses it. Name it in a tier, or remove it."]);
});

test("every mistake is told at once, each with its path, what to do and its line", () => {
  const text = `upstreams:
  a: { base_url: ftp://a, max_concurrent: many }
  a: { base_url: http://a/v1 }
models:
  chat:
    kind: chta
    tiers:
      - [a, c]
      - - { upstreams: [], weight: 0 }
    fallback: nobody
    hedge_after_ms: 1.5
  loop: { tiers: [[a]], fallback: loop, qeue: 1 }
limits: { default: { requests_per_minute: -1 } }
`;
  expect(mistakesOf(text)).toEqual([
    "upstreams.a.base_url: must be an http or https URL up to and including /v1. (line 2)",
    'upstreams.a.max_concurrent: must be a whole number from 1 to 1000000000, not "many". (line 2)',
    "upstreams.a: is there twice. Keep one. (line 3)",
    'models.chat.kind: must be chat or embed or rerank, not "chta". (line 6)',
    'models.chat.tiers[0][1]: there is no upstream "c". There are: a. (line 8)',
    "models.chat.tiers[1][0].upstreams: is empty. It must be a list of upstreams. (line 9)",
    "models.chat.tiers[1][0].weight: must be a number above 0, 1000000 at most, not 0. (line 9)",
    'models.chat.fallback: there is no model "nobody". There are: chat, loop. (line 10)',
    expect.stringMatching(/^models\.chat\.hedge_after_ms: must be a whole number .*, not 1\.5\. \(line 11\)$/),
    expect.stringMatching(/^models\.loop\.qeue: is no field that is known here\. Was queue meant\? There are: kind, /),
    "models.loop.fallback: goes round in a circle: loop → loop. Remove one of these fallbacks. (line 12)",
    "limits.default.requests_per_minute: must be a whole number from 1 to 1000000000, not -1. (line 13)",
  ]);
});

test.each([
  ["{}", "models.chat.tiers: is missing. It must be a list of tiers, each a list of upstreams."],
  ["{ tiers: }", "models.chat.tiers: must be a list of tiers, each a list of upstreams, not empty."],
  ["{ tiers: [] }", "models.chat.tiers: is empty. It must be a list of tiers, each a list of upstreams."],
  ["{ tiers: [[]] }", "models.chat.tiers[0]: is empty. It must be a list of upstreams, such as [vllm-a, vllm-b]"],
  ["{ tiers: [a] }", "models.chat.tiers[0]: must be a list of upstreams, such as [vllm-a, vllm-b]"],
  ["{ tiers: [[{ weight: 1 }]] }", "models.chat.tiers[0][0].upstreams: is missing. It must be a list of upstreams."],
  ["{ tiers: [[{ upstreams: [a] }]] }", "models.chat.tiers[0][0].weight: is missing. It must be a number above 0"],
  ["{ tiers: [[{ upstreams: [a], weight: .nan }]] }", "models.chat.tiers[0][0].weight: must be a number above 0"],
  ["{ tiers: [[b, { upstreams: [a], weight: 1 }]] }", "models.chat.tiers[0][0]: must be an arm { upstreams: [NAME]"],
  ["{ tiers: [[a], [b, a]] }", 'models.chat.tiers[1][1]: names the upstream "a" again.'],
  ["{ tiers: [[Extractiv]] }", "Was extractive meant? There are: a, b, extractive."],
  ["{ tiers: [[toString]] }", 'there is no upstream "toString".'],
  ["{ kind: embed, tiers: [[a]], shadow: { upstream: a, share: 1 } }", "models.chat.shadow: is for chat"],
  ["{ tiers: [[a]], hedge_after_ms: 50 }", "models.chat.hedge_after_ms: is for embed and rerank"],
  ["{ tiers: [[extractive]], kind: embed }", 'names "extractive", which is embedded and answers chat only.'],
  [
    "{ tiers: [[a]], shadow: { upstream: c, share: 1.1 } }",
    "models.chat.shadow.share: must be a number from 0 to 1, not 1.1.",
  ],
  ["{ tiers: [[a]], shadow: { upstream: c, share: 1 } }", 'models.chat.shadow.upstream: there is no upstream "c".'],
  ["{ tiers: [[a]], queue: }", "models.chat.queue: must be a mapping with the limits of the queue, not empty."],
  [
    "{ tiers: [[a]], waiting_room_ms: 3000000000 }",
    "models.chat.waiting_room_ms: must be a whole number from 0 to 86400000",
  ],
  ["{ tiers: [[a]], <<: { kind: chat } }", 'models.chat["<<"]: is no field that is known here.'],
])("the model %s is refused", (model, expected) => {
  expect(ofModel(model).join("\n")).toContain(expected);
});

test.each([
  [
    "http://a/v1",
    "upstreams.a: must be a mapping with base_url, { embedded: extractive } or { embedded: onnx, folder: PATH }, not text.",
  ],
  ["{}", "upstreams.a.base_url: is missing. It must be an http or https URL"],
  ["{ base_url: a:8000/v1 }", "upstreams.a.base_url: must be an http or https URL"],
  ["{ base_url: http://a/v1?key=1 }", "without a query or a fragment."],
  ["{ embedded: other }", 'upstreams.a.embedded: must be extractive or onnx, not "other".'],
  ["{ embedded: { x: 1 } }", "upstreams.a.embedded: must be extractive or onnx, not"],
  ["{ embedded: constructor }", 'upstreams.a.embedded: must be extractive or onnx, not "constructor".'],
  ["{ embedded: extractive, model: x }", "upstreams.a.model: is no field that is known here."],
  ["{ base_url: http://a/v1, model: 7 }", "upstreams.a.model: must be the name of a model: put it in quotes"],
  [
    "{ base_url: http://a/v1, api_key: x }",
    "upstreams.a.api_key: is no field that is known here. Was api_key_env meant?",
  ],
  ["{ base_url: http://a/v1, api_key_env: NOT_SET }", "names the environment variable NOT_SET, which is not set."],
  ["{ base_url: http://a/v1, cache_salt_env: EMPTY }", "names the environment variable EMPTY, which is not set."],
  ["{ base_url: http://a/v1, api_key_env: SPLIT }", "upstreams.a.api_key_env: names SPLIT, which holds a space"],
  [
    "{ base_url: http://a/v1, price: { input_per_million: -1 } }",
    "upstreams.a.price.input_per_million: must be a price",
  ],
  [
    "{ base_url: http://a/v1, timeouts: { idle_ms: 3s } }",
    'upstreams.a.timeouts.idle_ms: must be a whole number from 1 to 86400000, not "3s".',
  ],
])("the upstream %s is refused", (upstream, expected) => {
  expect(ofUpstream(upstream).join("\n")).toContain(expected);
});

test("a secret in the wrong place is refused and not repeated", () => {
  const all = [
    ofUpstream("{ base_url: 'http://me:hunter2@a/v1' }"),
    ofUpstream("{ base_url: http://a/v1, api_key_env: sk-hunter2 }"),
    ofUpstream("{ base_url: http://a/v1, api_key_env: [hunter2] }"),
    ofLimits("{ keys: { cairn_a1b2c3d4e5f6_hunter2: {} } }"),
  ];
  for (const mistakes of all) expect(mistakes).toHaveLength(1);
  expect(all.join()).not.toContain("hunter2");
  expect(all.join()).toContain("limits.keys: has a name that is no id of a key");
  expect(mistakesOf(UPSTREAMS.replace("http://a/v1 }", "http://a/v1, api_key_env: SPLIT }")).join()).not.toContain(
    "lines",
  );
});

test("an id of a key that looks like a number stays as it is written", () => {
  const keys = "keys: { 1234e5678901: { requests_per_minute: 5 }, 000000000012: { requests_per_minute: 6 } }";
  const { table } = parseRouteFile(`${UPSTREAMS}models: { chat: { tiers: [[a]] } }\nlimits: { ${keys} }`, ENV);
  expect([...table.limits.keys.keys()]).toEqual(["1234e5678901", "000000000012"]);
});

test("circles of fallbacks are told once each, and a fallback is of the same kind", () => {
  const mistakes = mistakesOf(`${UPSTREAMS}models:
  x: { tiers: [[a]], fallback: y }
  y: { tiers: [[a]], fallback: z }
  z: { tiers: [[b]], fallback: y }
  e: { tiers: [[a]], kind: embed, fallback: x }`);
  expect(mistakes).toHaveLength(2);
  expect(mistakes[0]).toContain("models.y.fallback: goes round in a circle: y → z → y.");
  expect(mistakes[1]).toContain("models.e.fallback: is of another kind");
});

test("names are ones that a header and a metric can carry", () => {
  const mistakes = mistakesOf(
    'upstreams: { "a b": { base_url: http://a/v1 } }\nmodels: { "": { tiers: [["a b"]] }, __proto__: {} }',
  );
  expect(mistakes.join("\n")).toContain('upstreams["a b"]: is no name: take letters');
  expect(mistakes.join("\n")).toContain('models[""]: is no name');
  expect(mistakes.join("\n")).toContain("models: has a field named __proto__.");
});
