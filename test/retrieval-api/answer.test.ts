import { expect, test } from "vitest";
import { type AnswerDeps, answer } from "../../services/retrieval-api/answer/answer.ts";
import type { Question } from "../../services/retrieval-api/answer/draft.ts";
import { loadRelease } from "../../services/shared/release.ts";

const asked: Question = {
  id: "a1",
  principal: { tenant: "t", subject: "s", groups: [], scopes: ["chat"] },
  question: "What is the port?",
  history: [],
  conversationId: "c1",
  collections: undefined,
  evidenceLimit: 6,
  sampling: {},
  streaming: true,
};
const release = await loadRelease("releases/default");

/** Over a corpus of nothing, so that every question ends as `no_evidence`. */
function rig(save: AnswerDeps["save"], retrieve?: AnswerDeps["retrieve"]) {
  const counted: string[] = [];
  const deps: AnswerDeps = {
    release,
    retrieve: retrieve ?? (async () => ({ generation: "g", candidates: [], readings: [], proposed: 0, rejected: 0 })),
    generate: () => {
      throw new Error("No model is asked without evidence.");
    },
    onEnd: (outcome) => void counted.push(outcome),
    checkParts: async () => new Set(),
    save,
    now: () => 0,
  };
  return { counted, run: () => Array.fromAsync(answer(asked, deps, new AbortController().signal)) };
}

test("an answer whose record could not be written is counted, so that the two counters differ", async () => {
  let records = 0;
  const lost = rig(async () => {
    throw new Error("disk full");
  });
  await expect(lost.run()).rejects.toThrow("disk full");
  expect([lost.counted, records]).toEqual([["no_evidence"], 0]);
  const kept = rig(async () => {
    records += 1;
    return {};
  });
  await kept.run();
  expect([kept.counted, records]).toEqual([["no_evidence"], 1]);
});

test("a search that fails is counted and kept as an error", async () => {
  const saved: string[] = [];
  const failing = rig(
    async (_draft, outcome) => {
      saved.push(outcome);
      return {};
    },
    async () => {
      throw new Error("index down");
    },
  );
  await expect(failing.run()).rejects.toThrow("index down");
  expect([failing.counted, saved]).toEqual([["error"], ["error"]]);
});
