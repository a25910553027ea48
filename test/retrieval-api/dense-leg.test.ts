import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { AppError } from "#shared/errors.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import type { Hit, Legs, SearchIndex } from "#shared/index.ts";
import { scopeOf } from "#shared/principal.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { createDenseLeg } from "../../services/retrieval-api/retrieval/dense-leg.ts";

const everyone = scopeOf({ tenant: "t", subject: "s", groups: [], scopes: [] });
const never = new AbortController().signal;
const by = { embedder: "e", upstream: "u", model: "m", digest: undefined, assurance: "declared" } as const;
const embed: Embed = async (_, texts) => ({
  vectors: texts.map(() => ({ embedder: "e", values: Float32Array.of(1) })),
  by,
});
const hits: readonly Hit[] = [];
const nearest: SearchIndex["nearest"] = async () => hits;
const found: Legs = { generation: "g", legs: { lexical: [] }, embedder: "e", languages: ["en", "zh"] };

function open(
  embedding: Embed,
  more: { nearest?: SearchIndex["nearest"]; question?: string; withdrawn?: string[] } = {},
) {
  const openLeg = createDenseLeg({
    index: { nearest: more.nearest ?? nearest },
    embed: embedding,
    withdrawnModels: async (tenant) => new Set(tenant === "t" ? (more.withdrawn ?? []) : []),
    metrics: createMetrics(),
    limitMs: 200,
  });
  return openLeg(more.question ?? "where", never);
}

test("an index with vectors is searched by them", async () => {
  const leg = open(embed);
  expect(await leg.near(found, everyone, 5)).toBe(hits);
  expect(leg.report).toEqual({ outcome: "used", by });
});

test("an index without vectors asks no embedder", async () => {
  const leg = open(() => Promise.reject(new Error("asked")));
  expect(await leg.near({ generation: "g", legs: {} }, everyone, 5)).toBeUndefined();
  expect(leg.report).toBeUndefined();
});

const slow: Embed = async (type, texts, signal) => {
  await sleep(30_000, undefined, { signal });
  return embed(type, texts, signal);
};

test.each([
  ["is slow", slow, "late"],
  ["is away", (() => Promise.reject(new AppError("unavailable", "Down."))) as Embed, "failed"],
  [
    "is another",
    (async (...asked) => ({ ...(await embed(...asked)), by: { ...by, embedder: "f" } })) as Embed,
    "replaced",
  ],
])("the search goes on by words when the embedder %s", async (_, embedding, outcome) => {
  const leg = open(embedding);
  expect(await leg.near(found, everyone, 5)).toBeUndefined();
  expect(leg.report).toMatchObject({ outcome });
});

test("a language that the embedder does not know is left to the words", async () => {
  const leg = open(() => Promise.reject(new Error("asked")), { question: "在哪里" });
  expect(await leg.near({ ...found, languages: ["en"] }, everyone, 5)).toBeUndefined();
  expect(leg.report).toMatchObject({ outcome: "language" });
});

test("vectors of an embedder that was withdrawn are not searched, for its tenant alone", async () => {
  const asked: string[] = [];
  const search: SearchIndex["nearest"] = async (_, __, { tenant }) => {
    asked.push(tenant);
    return hits;
  };
  const leg = open(embed, { nearest: search, withdrawn: ["m"] });
  expect(await leg.near(found, everyone, 5)).toBeUndefined();
  expect(leg.report).toEqual({ outcome: "withdrawn", by });
  const other = scopeOf({ tenant: "u", subject: "s", groups: [], scopes: [] });
  expect(await open(embed, { nearest: search, withdrawn: ["m"] }).near(found, other, 5)).toBe(hits);
  expect(asked).toEqual(["u"]);
});

test("a mistake of ours is not hidden as an embedder's failure", async () => {
  const broken: SearchIndex["nearest"] = () => Promise.reject(new TypeError("bug"));
  await expect(open(embed, { nearest: broken }).near(found, everyone, 5)).rejects.toThrow("bug");
});

test("where the last search met vectors, the next question is embedded while its words are looked for", async () => {
  const asked: string[] = [];
  const openLeg = createDenseLeg({
    index: { nearest },
    embed: async (type, texts, signal) => {
      asked.push(...texts);
      return embed(type, texts, signal);
    },
    withdrawnModels: async () => new Set(),
    metrics: createMetrics(),
  });
  const first = openLeg("first", never);
  expect(asked).toEqual([]);
  await first.near(found, everyone, 5);
  openLeg("second", never);
  expect(asked).toEqual(["first", "second"]);
});
