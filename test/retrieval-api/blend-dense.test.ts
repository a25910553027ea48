import { expect, test } from "vitest";
import type { Hit } from "#shared/index.ts";
import { loadRelease } from "#shared/release.ts";
import { blendDense } from "../../services/retrieval-api/retrieval/blend-dense.ts";
import type { Candidate } from "../../services/retrieval-api/retrieval/retrieve.ts";

const release = await loadRelease("releases/default");
const candidate = (id: string): Candidate => ({ chunk: { id } }) as unknown as Candidate;
const hit = (id: string, score: number): Hit => ({ chunk: candidate(id).chunk, score });
const order = (readings: readonly { support: number; exact: number }[], near: readonly Hit[]): string[] =>
  blendDense({ candidates: ["a", "b", "c"].map(candidate), readings }, near, release).candidates.map(
    ({ chunk }) => chunk.id,
  );

test("where the words are there, the reading leads and the vectors settle what is close", () => {
  const readings = [
    { support: 1, exact: 1 },
    { support: 0.97, exact: 0.97 },
    { support: 0, exact: 0 },
  ];
  expect(order(readings, [hit("c", 0.9), hit("b", 0.85), hit("a", 0.8)])).toEqual(["b", "a", "c"]);
});

test("where no passage has the words, the vectors alone decide", () => {
  const readings = [
    { support: 0.02, exact: 0.02 },
    { support: 0, exact: 0 },
    { support: 0, exact: 0 },
  ];
  expect(order(readings, [hit("c", 0.9), hit("b", 0.85), hit("a", 0.8)])).toEqual(["c", "b", "a"]);
});

test("what the vectors did not find stands no higher than the last that they did", () => {
  const readings = [
    { support: 0.5, exact: 0.5 },
    { support: 0.5, exact: 0.5 },
    { support: 0.5, exact: 0.5 },
  ];
  expect(order(readings, [hit("b", 0.9), hit("c", 0.8)])).toEqual(["b", "a", "c"]);
});
