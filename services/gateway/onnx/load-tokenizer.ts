import { readFile } from "node:fs/promises";
import { Tokenizer } from "@huggingface/tokenizers";

/** Several times what the positions of a model can hold. A text of megabytes would occupy a thread for a minute. */
const MAX_CHARACTERS = 128 * 1024;

/** Texts to token ids, special tokens included. */
export type Tokenize = (text: string) => readonly number[];

/** A SentencePiece Unigram model in the compact layout: pieces with their scores, and what each letter is read as. */
type Compact = {
  readonly type: "unigram";
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
  readonly unk: number;
  readonly bos: number;
  readonly eos: number;
  /** By code point, in decimal. */
  readonly norm: Readonly<Record<string, string>>;
};

/**
 * Reads `tokenizer.json`: the format of Hugging Face, whatever its model is, or the compact one. Rejects with a sentence
 * for anything else.
 */
export async function loadTokenizer(path: string): Promise<Tokenize> {
  const file: unknown = JSON.parse(await readFile(path, "utf8"));
  if (isCompact(file)) {
    const tokenizer = new Tokenizer(huggingFace(file), {});
    return (text) => tokenizer.encode(normalised(text.slice(0, MAX_CHARACTERS), file.norm)).ids;
  }
  if (typeof file !== "object" || file === null || !("model" in file)) {
    throw new Error(`${path} is no tokenizer.json: it has neither "model" nor "pieces".`);
  }
  const tokenizer = new Tokenizer(file, {});
  return (text) => tokenizer.encode(text.slice(0, MAX_CHARACTERS)).ids;
}

const isCompact = (file: unknown): file is Compact =>
  typeof file === "object" && file !== null && "type" in file && file.type === "unigram" && "pieces" in file;

/** The same model as XLM-R's own file has it: words by white space, each beginning with the mark of a space. */
function huggingFace({ pieces, scores, unk, bos, eos }: Compact): object {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const [first, last] = [pieces[bos]!, pieces[eos]!];
  return {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "WhitespaceSplit" },
        { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
      ],
    },
    post_processor: {
      type: "TemplateProcessing",
      single: [special(first), { Sequence: { id: "A", type_id: 0 } }, special(last)],
      pair: [],
      special_tokens: {
        [first]: { id: first, ids: [bos], tokens: [first] },
        [last]: { id: last, ids: [eos], tokens: [last] },
      },
    },
    decoder: null,
    model: { type: "Unigram", unk_id: unk, vocab: pieces.map((piece, i) => [piece, scores[i]!]), byte_fallback: false },
  };
}

/** Letter by letter, once letters and their marks are one code point. */
function normalised(text: string, norm: Compact["norm"]): string {
  let read = "";
  for (const letter of text.normalize("NFC")) read += norm[letter.codePointAt(0)!] ?? letter;
  return read;
}
