import { expect, test } from "vitest";
import { attribute } from "../../services/retrieval-api/answer/attribute.ts";
import { resolveCitations } from "../../services/retrieval-api/answer/citations.ts";
import type { Candidate } from "../../services/retrieval-api/retrieval/retrieve.ts";

const TEXT =
  "A file may be at most 50 MB. A scanned PDF needs OCR before its upload. 上传成功时返回状态码 202 和任务编号。";

const ids = { documentId: "d", versionId: "v", title: "Limits" };
const EVIDENCE: Candidate[] = [
  {
    chunk: { id: "c", ...ids, headingPath: [], page: undefined, start: 0, end: Array.from(TEXT).length, text: TEXT },
    score: 1,
    ranks: { lexical: 1 },
    document: { ...ids, uri: "docs/limits.md", collection: "default", salt: "", textCommitment: "", current: true },
  },
];

const rest = (answer: string) => attribute(answer, EVIDENCE, resolveCitations(answer, EVIDENCE));

test("a sentence without a marker is cited by what bears it out", () => {
  const answer = "😀 A scanned PDF needs OCR before the upload. A file may be at most 50 MB. [1]";
  const { citations, isPartlyUnsupported } = rest(answer);
  expect(citations).toMatchObject([
    { marker: 1, verified: true, source: { quote: "A scanned PDF needs OCR before its upload." } },
  ]);
  const [{ answer: span }] = citations as [(typeof citations)[number]];
  expect(Array.from(answer).slice(span.start, span.end).join("")).toBe("😀 A scanned PDF needs OCR before the upload.");
  expect(isPartlyUnsupported).toBe(false);
});

test("a sentence that nothing bears out stays uncited, and the answer is not whole", () => {
  expect(rest("A file may be at most 80 MB, says the operator.")).toEqual({ citations: [], isPartlyUnsupported: true });
  expect(rest("上传成功时返回状态码 404 和任务编号。").isPartlyUnsupported).toBe(true);
});

test("a few words with a number state something", () => {
  expect(rest("It is 80 MB.")).toEqual({ citations: [], isPartlyUnsupported: true });
  expect(rest("It is 50 MB.").citations).toMatchObject([{ marker: 1, verified: true }]);
  // It is in the evidence, and who knows what it counts here.
  expect(rest("202.")).toEqual({ citations: [], isPartlyUnsupported: true });
  expect(rest("返回 404。").isPartlyUnsupported).toBe(true);
  expect(rest("返回 202。").isPartlyUnsupported).toBe(false);
});

test("Chinese is attributed too", () => {
  expect(rest("上传成功时返回状态码 202 和任务编号。").citations).toMatchObject([{ marker: 1, verified: true }]);
});

test("code and words that state nothing need no evidence", () => {
  expect(rest("Yes.\n\n```\nnpm start -- some other words of code\n```")).toEqual({
    citations: [],
    isPartlyUnsupported: false,
  });
});

test("a long block of code is passed over at once", () => {
  const code = `\`\`\`\n${"const degrees = 80;\n".repeat(15_000)}\`\`\``;
  expect(rest(code)).toEqual({ citations: [], isPartlyUnsupported: false });
});
