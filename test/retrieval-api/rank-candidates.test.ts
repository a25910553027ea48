import { expect, test } from "vitest";
import { loadRelease } from "#shared/release.ts";
import { rankCandidates } from "../../services/retrieval-api/retrieval/rank-candidates.ts";
import { readCandidates } from "../../services/retrieval-api/retrieval/read-candidates.ts";
import type { Candidate } from "../../services/retrieval-api/retrieval/retrieve.ts";

const { ranking } = await loadRelease("releases/default");

function candidate(
  id: string,
  text: string,
  more: { score?: number; uri?: string; leg?: string; start?: number } = {},
) {
  const { score = 0.5, uri = id, leg = "lexical", start = 500 } = more;
  const ids = { documentId: id, versionId: id, title: "" };
  const chunk = { id, ...ids, headingPath: [], page: undefined, start, end: start + text.length, text };
  const document = { ...ids, uri, collection: "default", salt: "", textCommitment: "", current: true };
  return { chunk, score, ranks: { [leg]: 1 }, document } satisfies Candidate;
}
const order = (question: string, candidates: readonly Candidate[], depth = 60): string[] =>
  rankCandidates(question, candidates, ranking.passage, depth).candidates.map(({ document }) => document.documentId);

test("readings stand in the order of the candidates that they are of", () => {
  const found = [candidate("a", "Trains leave at noon."), candidate("b", "Backups are made at night.", { score: 0.4 })];
  const { candidates, readings } = rankCandidates("When are backups made?", found, ranking.passage, 60);
  expect(candidates.map(({ document }) => document.documentId)).toEqual(["b", "a"]);
  expect(readings.map(({ score }) => score)).toEqual([0.4, 0.5]);
});

test("another text under the id of a chunk that was read before is read anew", () => {
  const support = (text: string) => readCandidates("When are backups made?", [candidate("a", text)])[0]!.support;
  expect(support("Backups are made at night.")).toBe(1);
  expect(support("Trains leave at noon.")).toBe(0);
});

test("passages that share no word with the question keep the order of the search", () => {
  const found = [0.9, 0.6, 0.3].map((score, i) => candidate(`${i}`, "备份在夜里进行。", { score, leg: "dense" }));
  expect(order("Who pays for lunch?", found)).toEqual(["0", "1", "2"]);
});

test("what is not read stays behind, in the order of the search", () => {
  const found = [candidate("a", "Trains."), candidate("b", "Ships."), candidate("c", "Backups are made at night.")];
  expect(order("When are backups made?", found, 2)).toEqual(["a", "b", "c"]);
  expect(rankCandidates("When are backups made?", found, ranking.passage, 2).readings).toHaveLength(2);
});

test("the names of folder and file say what a passage is about", () => {
  const text = "Run the command and wait until it is done.";
  const found = [
    candidate("a", text, { uri: "docs/trains.md" }),
    candidate("b", text, { uri: "docs/backup-restore.md" }),
  ];
  expect(order("restore a backup", found)).toEqual(["b", "a"]);
});

test("a page's beginning comes before a later mention of the same words", () => {
  const text = "Backups keep a copy of the data.";
  const found = [candidate("a", text, { start: 4000 }), candidate("b", text, { start: 0 })];
  expect(order("backups", found)).toEqual(["b", "a"]);
});

test("no reading speaks against a passage", () => {
  expect(Object.values(ranking.passage).filter((weight) => weight < 0)).toEqual([]);
});
