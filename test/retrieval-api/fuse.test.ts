import { expect, test } from "vitest";
import { fuse } from "../../services/retrieval-api/retrieval/fuse.ts";

const hit = (id: string, score: number) => ({
  chunk: {
    id,
    documentId: "d",
    versionId: "v",
    title: "",
    headingPath: [],
    page: undefined,
    start: 0,
    end: 0,
    text: "",
  },
  score,
});
const ids = (legs: Parameters<typeof fuse>[0], weights: Record<string, number>) =>
  fuse(legs, weights, 9).map(({ chunk }) => chunk.id);

test("a chunk that both legs rank well beats one that only one leg knows", () => {
  const legs = {
    lexical: [hit("a", 9), hit("b", 8), hit("z", 0)],
    dense: [hit("b", 0.9), hit("c", 0.8), hit("z", 0.1)],
  };
  expect(ids(legs, { lexical: 0.6, dense: 0.4 })[0]).toBe("b");
});

test("legs with scores of different size count by their weight", () => {
  const legs = { lexical: [hit("a", 9000), hit("b", 1)], dense: [hit("b", 0.2), hit("a", 0.1)] };
  expect(ids(legs, { lexical: 0.4, dense: 0.6 })).toEqual(["b", "a"]);
});

test("ties are broken by id, and every rank is kept", () => {
  const [first] = fuse({ lexical: [hit("b", 1), hit("a", 1)] }, { lexical: 1 }, 1);
  expect(first).toMatchObject({ chunk: { id: "a" }, score: 1, ranks: { lexical: 2 } });
});
