import fc from "fast-check";
import { expect, test } from "vitest";
import { indexTerms, queryTerms, searchTerms, tokenize } from "#shared/tokenize.ts";
import { codePoint } from "../helpers/code-points.ts";
import { computingMs } from "../helpers/computing-ms.ts";

const meet = (question: string, text: string): boolean => {
  const terms = new Set(tokenize(text));
  return queryTerms(question).some((term) => terms.has(term));
};

test.each([
  ["maxSurge", ["maxsurg", "max", "surg"]],
  ["kube-apiserver", ["kube_apiserver", "kube", "apiserv"]],
  ["--dry-run", ["dry_run", "dri", "run"]],
  ["CAIRN_PORT", ["cairn_port", "cairn", "port"]],
  ["v1.29", ["v1_29"]],
])("the identifier %s is kept whole and in parts", (identifier, terms) => {
  expect(tokenize(identifier)).toEqual(expect.arrayContaining(terms));
});

test("an identifier is found by its parts, and by itself in any case", () => {
  expect(meet("surge", "maxSurge: 1")).toBe(true);
  expect(meet("apiserver", "the kube-apiserver process")).toBe(true);
  expect(meet("MAXSURGE", "maxSurge")).toBe(true);
});

test("the plural of an acronym is the acronym", () => {
  expect(tokenize("PDFs")).toEqual(["pdf"]);
  expect(meet("Can it read PDFs?", "A PDF may have 2,000 pages.")).toBe(true);
  expect(tokenize("listPDFs")).toEqual(["listpdf", "list", "pdf"]);
});

test("a sentence's end is no part of its last word", () => {
  expect(tokenize("It restarts the pod.")).toEqual(tokenize("It restarts the pod"));
});

test("inflected English words meet", () => {
  expect(meet("restarting policies", "restart policy")).toBe(true);
  expect(tokenize("Pods")).toEqual(tokenize("pod"));
});

test("full-width and half-width characters are the same", () => {
  expect(tokenize("ＫＵＢＥ　１２３")).toEqual(tokenize("kube 123"));
});

test("Chinese is cut into pairs and words, and a lone character stays", () => {
  expect(tokenize("天安门")).toEqual(expect.arrayContaining(["天安", "安门", "天安门"]));
  expect(tokenize("按 Enter 键")).toEqual(expect.arrayContaining(["按", "enter", "键"]));
});

test("words of both scripts are kept apart where nothing separates them", () => {
  expect(tokenize("使用kubectl命令")).toEqual(expect.arrayContaining(["使用", "kubectl", "命令"]));
  expect(tokenize("Pod的状态")).toContain("pod");
});

test("terms come in the order of the text", () => {
  expect(tokenize("beta alpha beta")).toEqual(["beta", "alpha", "beta"]);
});

test("a question's terms are distinct and leave out what every question has", () => {
  expect(queryTerms("What is a pod, and why is a pod restarted?")).toEqual(["pod", "restart"]);
  expect(queryTerms("Wehre is teh pod, and hwo do I see it?")).toEqual(["pod", "see"]);
  expect(queryTerms("什么是 kubelet？")).toContain("kubelet");
  for (const word of ["什么", "怎么", "如何", "哪些"]) expect(queryTerms(`${word}滚动更新`)).not.toContain(word);
});

test("a question of stop words alone still asks for something", () => {
  expect(queryTerms("to be or not to be").length).toBeGreaterThan(0);
  expect(queryTerms("是什么").length).toBeGreaterThan(0);
  expect(queryTerms("?! …")).toEqual([]);
});

test("whatever the text, a term is well-formed, of bounded length and of characters that the index keeps", () => {
  const text = fc.oneof(
    fc.string({ unit: codePoint, maxLength: 200 }),
    fc.string({
      unit: fc.constantFrom("a", "Z", "9", "_", "-", ".", "é", "e\u0301", "的", "集", "𠀀", "𐌰", "か"),
      maxLength: 200,
    }),
  );
  fc.assert(
    fc.property(text, (any) => {
      const { words, aids } = indexTerms(any);
      for (const term of [...tokenize(any), ...queryTerms(any), ...words, ...aids]) {
        expect(term).toMatch(/^[\p{L}\p{M}\p{N}_]+$/u);
        expect(term.isWellFormed()).toBe(true);
        expect(term.length).toBeLessThanOrEqual(64);
      }
    }),
    { numRuns: 300 },
  );
});

test("a term that is too long is never cut inside a character", () => {
  for (const term of tokenize(`a${"𐌰".repeat(80)}`)) expect(term.isWellFormed()).toBe(true);
});

test("what a question asks for is what the same words are indexed by", () => {
  const words = fc.array(fc.constantFrom("maxSurge", "v1.29", "数据库", "restarting", "é", "３", "kube-proxy"), {
    minLength: 1,
  });
  fc.assert(
    fc.property(words, (some) => {
      const text = some.join(" ");
      expect(tokenize(text)).toEqual(expect.arrayContaining(queryTerms(text)));
    }),
  );
});

test("a long page without a single full stop is cut in moderate time", () => {
  const page = "集群由控制平面和一组工作机器组成".repeat(4_000);
  const started = computingMs();
  expect(tokenize(page).length).toBeGreaterThan(page.length / 2);
  expect(computingMs() - started).toBeLessThan(5_000);
});

test("a text's length is counted in words; what only helps to find it stands apart", () => {
  expect(indexTerms("The maxSurge of the kube-proxy")).toEqual({
    words: ["maxsurg", "kube_proxy"],
    aids: ["the", "max", "surg", "of", "the", "kube", "proxi"],
  });
  expect(indexTerms("控制平面组件")).toEqual({
    words: ["控制", "平面", "组", "件"],
    aids: ["制平", "面组", "组件"],
  });
});

test("a year in Chinese text is a word of its own", () => {
  expect(indexTerms("２００８年").words).toEqual(["2008", "年"]);
  expect(searchTerms("2008年").map(({ term }) => term)).toEqual(["2008", "年"]);
});

test("in a question words count in full, single characters half, and pairs across words least", () => {
  const weights = new Map(searchTerms("什么是 Kubernetes 控制平面组件？").map(({ term, weight }) => [term, weight]));
  expect(weights.get("kubernet")).toBe(1);
  expect(weights.get("控制")).toBe(1);
  expect(weights.get("组")).toBe(0.5);
  expect(weights.get("制平")).toBe(0.3);
});

test("a question of stop words alone looks for them, and any other leaves them out", () => {
  expect(searchTerms("to be or not to be").map(({ term }) => term)).toEqual(["to", "be", "or", "not"]);
  expect(searchTerms("what is the pod").map(({ term }) => term)).toEqual(["pod"]);
  expect(searchTerms("?! …")).toEqual([]);
});

test("whatever the text, what a search asks for can be found in the index of the same text", () => {
  const unit = fc.constantFrom("maxSurge ", "v1.29 ", "--dry-run ", "数据库", "的", "𠀀", "是", "the ", "é", "３", ".");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
      const { words, aids } = indexTerms(text);
      for (const { term } of searchTerms(text)) expect([...words, ...aids]).toContain(term);
    }),
  );
});
