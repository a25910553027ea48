import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hit, SearchIndex } from "#shared/index.ts";
import { scopeOf } from "#shared/principal.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { principal } from "../contract/search-index-fixtures.ts";
import { type CorpusEntry, handbookCorpus, questionsOf } from "../helpers/handbook-corpus.ts";
import { testQdrant } from "../helpers/test-qdrant.ts";

const QUESTIONS = 500;
const SHOWN = 10;
/** Scores that are nearer than this may be in either order: one engine knows the average length of a sample only. */
const CLEAR = 0.01;
/** Each engine proposes a few hundred passages of a question of common words by its own measure before they are scored. */
const MAX_UNPROPOSED = 0.005;

const qdrant = testQdrant();
const folder = mkdtempSync(join(tmpdir(), "cairn-same-"));
let corpus: CorpusEntry[];
let engines: readonly [SearchIndex, SearchIndex];

beforeAll(async () => {
  corpus = await handbookCorpus();
  engines = [openSqliteIndex(join(folder, "index.db")), qdrant.open()];
  for (const index of engines) {
    for (let at = 0; at < corpus.length; at += 16) await index.writeAll(corpus.slice(at, at + 16));
  }
}, 120_000);
afterAll(async () => {
  for (const index of engines) await index.close();
  await qdrant.dropAll();
  rmSync(folder, { recursive: true });
});

test("both engines hold the same versions", async () => {
  const [sqlite, other] = await Promise.all(engines.map((index) => index.versions()));
  expect(other!.sort()).toEqual(sqlite!.sort());
});

test("both engines find the same passages in the same order for 500 questions of three callers", async () => {
  const scopes = [
    scopeOf(principal()),
    scopeOf(principal({ groups: ["operators"] })),
    scopeOf(principal({ groups: ["operators"] }), ["b"]),
  ];
  let [compared, unproposed] = [0, 0];
  for (const [i, question] of questionsOf(corpus, QUESTIONS).entries()) {
    const scope = scopes[i % scopes.length]!;
    const asked = engines.map((index) => index.search(question, scope, 40, AbortSignal.timeout(20_000)));
    const [sqlite, other] = (await Promise.all(asked)).map(({ legs }) => legs.lexical!) as [Hit[], Hit[]];
    compared += Math.min(sqlite.length, SHOWN) + Math.min(other.length, SHOWN);
    // One that proposes more would show passages that the other never does.
    unproposed += inClearOrder(question, sqlite, other) + inClearOrder(question, other, sqlite);
  }
  expect(compared).toBeGreaterThan(QUESTIONS * SHOWN * 2 * 0.8);
  expect(unproposed).toBeLessThan(compared * MAX_UNPROPOSED);
}, 240_000);

/** Passages of one engine's first ten have the same score in the other, so they stand alike. Returns how many it lacks. */
function inClearOrder(question: string, one: readonly Hit[], other: readonly Hit[]): number {
  const scores = new Map(other.map(({ chunk, score }) => [chunk.id, score]));
  const ranks = new Map(other.map(({ chunk }, rank) => [chunk.id, rank]));
  const shared = one.slice(0, SHOWN).filter(({ chunk }) => scores.has(chunk.id));
  for (const [i, { chunk, score }] of shared.entries()) {
    expect(Math.abs(scores.get(chunk.id)! - score) / score, `${question}: ${chunk.id}`).toBeLessThan(CLEAR);
    const clearlyBelow = shared.slice(i + 1).filter((later) => later.score < score * (1 - CLEAR));
    for (const later of clearlyBelow) {
      expect(ranks.get(later.chunk.id), question).toBeGreaterThan(ranks.get(chunk.id)!);
    }
  }
  return Math.min(one.length, SHOWN) - shared.length;
}
