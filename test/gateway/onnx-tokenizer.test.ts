import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadTokenizer } from "../../services/gateway/onnx/load-tokenizer.ts";

const folder = mkdtempSync(join(tmpdir(), "cairn-tokenizer-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: unknown): string {
  const path = join(folder, `${crypto.randomUUID()}.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** A Unigram model of a few pieces in the compact layout. */
const compact = {
  type: "unigram",
  pieces: ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁he", "llo", "▁hello", "检", "索", "检索", "é", "A"],
  scores: [0, 0, 0, 0, -2, -4, -4, -5, -5, -5, -6, -3, -3],
  unk: 3,
  bos: 0,
  eos: 2,
  pad: 1,
  norm: { 9: " ", 65313: "A" },
};

test.each([
  ["the likeliest pieces", "hello", [0, 7, 2]],
  ["words by white space, each with its mark", "hello hello", [0, 7, 7, 2]],
  ["letters as they are read: a tab, full width, a mark of its own", "\tＡe\u0301", [0, 4, 12, 11, 2]],
  ["Chinese without spaces", "检索", [0, 4, 10, 2]],
  ["what no piece has", "🦜", [0, 4, 3, 2]],
  ["nothing", "", [0, 2]],
])("a compact Unigram model gives %s", async (_, text, ids) => {
  expect((await loadTokenizer(fileOf(compact)))(text)).toEqual(ids);
});

test("a file of Hugging Face's format is read as it is", async () => {
  const tokenize = await loadTokenizer(
    fileOf({
      added_tokens: [],
      normalizer: { type: "Lowercase" },
      pre_tokenizer: { type: "Whitespace" },
      post_processor: null,
      decoder: null,
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: { "[UNK]": 0, hello: 1, "##s": 2 },
      },
    }),
  );
  expect(tokenize("Hellos hello what")).toEqual([1, 2, 1, 0]);
});

test("another JSON file is refused with its name", async () => {
  await expect(loadTokenizer(fileOf({ a: 1 }))).rejects.toThrow(/is no tokenizer\.json/);
});

test("of a text of megabytes only so much is read as a model could take, and it is closed all the same", async () => {
  const ids = (await loadTokenizer(fileOf(compact)))("hello ".repeat(100_000));
  expect(ids.length).toBeGreaterThan(10_000);
  expect(ids.length).toBeLessThan(30_000);
  expect(ids.at(-1)).toBe(2);
});
