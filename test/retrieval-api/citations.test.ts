import { expect, test } from "vitest";
import { resolveCitations } from "../../services/retrieval-api/answer/citations.ts";
import type { Candidate } from "../../services/retrieval-api/retrieval/retrieve.ts";

const TEXT = "👋 Café is open. A file may be at most 50 MB. 单个文件最大 50 MB。上传后返回 202。";

function candidate(text: string, start: number): Candidate {
  const ids = { documentId: "d", versionId: "v", title: "Limits" };
  return {
    chunk: {
      id: "c",
      ...ids,
      headingPath: ["Uploads"],
      page: undefined,
      start,
      end: start + Array.from(text).length,
      text,
    },
    score: 1,
    ranks: { lexical: 1 },
    document: { ...ids, uri: "docs/limits.md", collection: "default", salt: "", textCommitment: "", current: true },
  };
}

const slice = (text: string, { start, end }: { start: number; end: number }) =>
  Array.from(text).slice(start, end).join("");

test("a citation names the sentence before its marker and the words that bear it out, in code points", () => {
  const answer = "😀 Hello. A file may be at most 50 MB. [1]";
  const [citation] = resolveCitations(answer, [candidate(TEXT, 0)]);
  expect(citation).toMatchObject({ marker: 1, verified: true, source: { quote: "A file may be at most 50 MB." } });
  expect(slice(answer, citation!.answer)).toBe("A file may be at most 50 MB.");
  expect(slice(TEXT, citation!.source)).toBe(citation!.source.quote);
});

test("a reworded sentence is verified by its words, a wrong number is not", () => {
  const [right] = resolveCitations("Each file is at most 50 MB[1].", [candidate(TEXT, 7)]);
  expect(right).toMatchObject({ verified: true, source: { quote: "A file may be at most 50 MB." } });
  const [wrong] = resolveCitations("Each file is at most 80 MB[1].", [candidate(TEXT, 7)]);
  expect(wrong?.verified).toBe(false);
});

test("Chinese sentences are cited one by one", () => {
  const answer = "单个文件最大 50 MB。[1] 上传后返回 202。[1]";
  const quotes = resolveCitations(answer, [candidate(TEXT, 0)]).map(({ source }) => source.quote);
  expect(quotes).toEqual(["单个文件最大 50 MB。", "上传后返回 202。"]);
});

test("an excerpt with a quotation, or with a line that the source broke, is one quote", () => {
  for (const text of [
    "他死后画了数幅画。史学家表示：「那时仍是秋天。」同样的情绪蔓延到画作。",
    'He waited long. She said: "It is (still) autumn." The mood spread to the painting.',
    "Rock is made of silica (SiO\n2, as in quartz). Rust is Fe\n2O\n3. Oxygen is rare.",
    'def guard(heat):\n    """It starts below 5 degrees."""\n    return heat < 5',
  ]) {
    const answer = `${text.replaceAll(/\s+/g, " ")} [1]`;
    const [citation] = resolveCitations(answer, [candidate(text, 0)]);
    expect(citation).toMatchObject({ verified: true, source: { quote: text } });
  }
});

test("a claim that is longer than any passage is cited, too", () => {
  const [citation] = resolveCitations(`${"A file may be big ".repeat(100_000)}[1]`, [candidate(TEXT, 0)]);
  expect(citation?.source.quote).toBe("A file may be at most 50 MB.");
});

test("the code that a lead-in leads to belongs to its quote", () => {
  const text = "To start it, run:\n\nnpm ci\nnpm start\n\nThen open it.";
  const answer = "To start it, run: [1]\n\n```\nnpm ci\nnpm start\n```";
  const [citation] = resolveCitations(answer, [candidate(text, 0)]);
  expect(citation?.source.quote).toBe("To start it, run:\n\nnpm ci\nnpm start");
});

test("a sentence with a semicolon, or that begins with a path, is cited whole", () => {
  const text = "./cairn ingest PATH uploads once; later changes are not followed. Use it once.";
  const answer = "./cairn ingest PATH uploads once; later changes are not followed. [1]";
  const [citation] = resolveCitations(answer, [candidate(text, 0)]);
  expect(citation?.source.quote).toBe("./cairn ingest PATH uploads once; later changes are not followed.");
});

test("sentences that share a marker and stand side by side in the source are one quote, in whatever order", () => {
  const answer = "A file may be at most 50 MB. 👋 Café is open. [1]";
  const [citation, ...others] = resolveCitations(answer, [candidate(TEXT, 7)]);
  expect(citation).toMatchObject({
    verified: true,
    source: { quote: "👋 Café is open. A file may be at most 50 MB." },
  });
  expect(slice(answer, citation!.answer)).toBe("A file may be at most 50 MB. 👋 Café is open.");
  expect(slice(TEXT, { start: citation!.source.start - 7, end: citation!.source.end - 7 })).toBe(
    citation!.source.quote,
  );
  expect(others).toEqual([]);
});

test("a sentence from elsewhere in the source, or in other words, does not lean on the marker behind the next one", () => {
  const far = "上传后返回 202。 A file may be at most 50 MB. [1]";
  expect(resolveCitations(far, [candidate(TEXT, 0)])[0]?.source.quote).toBe("A file may be at most 50 MB.");
  const reworded = "The café is open today. A file may be at most 50 MB. [1]";
  const [citation] = resolveCitations(reworded, [candidate(TEXT, 0)]);
  expect(slice(reworded, citation!.answer)).toBe("A file may be at most 50 MB.");
});
