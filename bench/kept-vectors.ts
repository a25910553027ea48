import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Embed } from "#shared/gateway-embed.ts";
import { measureFiles } from "#shared/lineage/measure.ts";
import { openOnnxPool } from "../services/gateway/onnx/onnx-pool.ts";

const FOLDER = join(tmpdir(), "cairn-vectors");
const KEY_BYTES = 16;
const AT_ONCE = 64;
const PREFIX = { query: "query: ", passage: "passage: " } as const;

/**
 * An ONNX model whose vectors are kept in a file of the temporary folder, by the digest of model and text: the first
 * run takes minutes, later ones seconds.
 */
export async function openKeptVectors(folder: string, threads = 2) {
  mkdirSync(FOLDER, { recursive: true });
  const digest = await measureFiles(folder, ["model.onnx", "tokenizer.json"]);
  const file = join(FOLDER, `${basename(folder)}-${digest.slice(0, 12)}.f32`);
  const known = existsSync(file) ? read(readFileSync(file)) : new Map<string, Float32Array>();
  const pool = openOnnxPool({ folder, threads });
  const model = basename(folder);
  const embed: Embed = async (type, texts) => {
    const all = texts.map((text) => PREFIX[type] + text);
    const fresh = [...new Set(all)].filter((text) => !known.has(keyOf(text)));
    for (let at = 0; at < fresh.length; at += AT_ONCE) {
      const some = fresh.slice(at, at + AT_ONCE);
      const { vectors } = await pool.embed(some, new AbortController().signal);
      for (const [i, vector] of vectors.entries()) known.set(keyOf(some[i]!), vector);
      const records = some.flatMap((text, i) => [Buffer.from(keyOf(text), "hex"), sized(vectors[i]!)]);
      appendFileSync(file, Buffer.concat(records));
    }
    const embedder = `${model}@${digest.slice(0, 12)}`;
    const by = { embedder, upstream: "bench", model, digest, assurance: "attested" } as const;
    return { vectors: all.map((text) => ({ embedder, values: known.get(keyOf(text))! })), by };
  };
  return { embed, close: () => pool.close() };
}

const keyOf = (text: string): string =>
  createHash("sha256")
    .update(text)
    .digest("hex")
    .slice(0, KEY_BYTES * 2);

/** The length in numbers, then the numbers. */
function sized(vector: Float32Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(vector.length);
  return Buffer.concat([length, Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)]);
}

/** Whatever a run that was killed left at the end is passed over. */
function read(bytes: Buffer): Map<string, Float32Array> {
  const known = new Map<string, Float32Array>();
  for (let at = 0; at + KEY_BYTES + 4 <= bytes.length; ) {
    const key = bytes.toString("hex", at, at + KEY_BYTES);
    const start = at + KEY_BYTES + 4;
    const end = start + bytes.readUInt32LE(at + KEY_BYTES) * 4;
    if (end > bytes.length) break;
    known.set(key, new Float32Array(new Uint8Array(bytes.subarray(start, end)).buffer));
    at = end;
  }
  return known;
}
