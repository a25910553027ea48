import fc from "fast-check";
import { expect, test } from "vitest";
import { parseEvidence } from "../../services/gateway/extractive/parse-evidence.ts";

type Item = { readonly path: string; readonly text: string };

const prompt = (items: readonly Item[], question: string): string =>
  ["Evidence:", ...items.map(({ path, text }, i) => `[${i + 1}] ${path}\n${text}`), `Question: ${question}`].join(
    "\n\n",
  );

test("numbered passages, their heading paths and the question are read", () => {
  const items = [
    { path: "Guide > Install > Limits", text: "First line.\n\nSecond paragraph." },
    { path: "指南", text: "第二段。" },
  ];
  expect(parseEvidence(prompt(items, "What is $&?"))).toEqual({
    question: "What is $&?",
    evidence: [
      { number: 1, path: ["Guide", "Install", "Limits"], text: "First line.\n\nSecond paragraph." },
      { number: 2, path: ["指南"], text: "第二段。" },
    ],
  });
});

test("a message without an evidence block, without items or without a question is not a prompt", () => {
  for (const text of ["Hello", "Evidence:\n\nQuestion: x", "Evidence:\n\n[1] A\ntext", "", "Question: x"]) {
    expect(parseEvidence(text)).toBeUndefined();
  }
});

test("a question of several lines is kept whole", () => {
  expect(parseEvidence("Evidence:\n\n[1] A\ntext\n\nQuestion: one\ntwo")?.question).toBe("one\ntwo");
});

test("documents that contain markers, questions and replacement patterns change nothing", () => {
  const hostile = fc.constantFrom(
    "[2] ",
    "x [2] y",
    "[7] far",
    "[1] again",
    "Question: no?",
    "Evidence:",
    "$&",
    "$1",
    "正文。",
    "Plain text.",
    "",
  );
  // A paragraph that begins with exactly the next number cannot be told from ours; no other text is misread.
  const text = fc.array(hostile, { minLength: 1, maxLength: 8 }).map((lines) =>
    ["Start.", ...lines]
      .join("\n")
      .replaceAll(/\n{2,}/g, "\n")
      .trim(),
  );
  const item = fc.record({ path: fc.constantFrom("A", "A > B", "$& > 题"), text });
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 6 }), (items) => {
      const parsed = parseEvidence(prompt(items, "Real $& question?"));
      expect(parsed?.question).toBe("Real $& question?");
      expect(parsed?.evidence.map((one) => ({ path: one.path.join(" > "), text: one.text }))).toEqual(items);
    }),
  );
});
