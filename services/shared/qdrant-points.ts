import { normalisedFrequency } from "./bm25.ts";
import type { Chunk } from "./chunk.ts";
import { countTerms, headingOf } from "./count-terms.ts";
import { sha256 } from "./digest.ts";
import type { Filing } from "./index.ts";
import { isMendable } from "./near-words.ts";
import type { Places } from "./places.ts";
import { uuidOf } from "./qdrant-generations.ts";
import { hashOf, unpack } from "./term-counts.ts";

/** Proposals need a length of their own: how long texts are on average changes with every write. */
const TYPICAL_WORDS = 120;
/** After the point. */
const DIGITS = 1e6;
const K1 = 1.2;

export type Sparse = { readonly indices: number[]; readonly values: number[] };
export type Point = {
  readonly id: string;
  readonly vector: Readonly<Record<string, Sparse | readonly number[]>>;
  readonly payload: object;
};

export type ChunkPayload = {
  readonly version_id: string;
  /** Of the content of the version: a search shows the chunks of one revision only. */
  readonly revision: string;
  readonly document_id: string;
  readonly chunk_id: string;
  readonly title: string;
  readonly heading_path: string[];
  readonly page: number | null;
  readonly places?: Places | null;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly words: number;
  /** `TermCounts.pack` in base64. */
  readonly counts: string;
};

/** A version's marker: once it is written, the chunks of its revision are the version's content. */
export type MarkerPayload = {
  readonly version_id: string;
  /** `null` while a first write is under way. */
  readonly revision: string | null;
  readonly previous: string | null;
  readonly words: number;
  readonly passages: number;
};

export const markerId = (versionId: string): string => uuidOf(`version ${versionId}`);
export const filingOf = ({ tenant, collection, acl }: Filing): object => ({ tenant, collection, acl });

/** A version as points: its chunks, and its marker as it is when they are all there. */
export function pointsOf(filing: Filing, versionId: string, chunks: readonly Chunk[]) {
  const { whole, passages } = countTerms(chunks.map((chunk) => ({ heading: headingOf(chunk), text: chunk.text })));
  const revision = sha256(JSON.stringify(chunks)).slice(0, 24);
  const points = chunks.map((chunk, i): Point => {
    const { counts } = passages[i]!;
    const payload: ChunkPayload = {
      version_id: versionId,
      revision,
      document_id: chunk.documentId,
      chunk_id: chunk.id,
      title: chunk.title,
      heading_path: [...chunk.headingPath],
      page: chunk.page ?? null,
      places: chunk.places ?? null,
      start: chunk.start,
      end: chunk.end,
      text: chunk.text,
      words: counts.words,
      counts: Buffer.from(counts.pack()).toString("base64"),
    };
    const bm25 = sparse(counts.entries(), (frequency) => saturated(frequency, counts.words));
    return {
      id: uuidOf(`chunk ${chunk.id} ${revision}`),
      vector: bm25.indices.length > 0 ? { bm25 } : {},
      payload: { kind: "chunk", ...filingOf(filing), ...payload },
    };
  });
  const marker = (current: string | null, previous: string | null): Point => {
    const payload: MarkerPayload = {
      version_id: versionId,
      revision: current,
      previous,
      words: whole.words,
      passages: chunks.length,
    };
    // Nobody searches by a write that has only begun.
    const doc = sparse(current === null ? [] : whole.entries());
    return {
      id: markerId(versionId),
      vector: doc.indices.length > 0 ? { doc } : {},
      payload: { kind: "version", ...filingOf(filing), ...payload },
    };
  };
  const words = new Set(passages.flatMap((passage) => passage.words).filter(isMendable));
  return { revision, points, marker, words };
}

/** A word of the texts, found by its pairs of letters. */
export const wordPoint = (word: string): Point => ({
  id: uuidOf(`word ${word}`),
  vector: { letters: lettersOf(word) },
  payload: { kind: "word", word },
});

export function lettersOf(word: string): Sparse {
  const framed = `^${word}$`;
  const pairs = new Set(Array.from({ length: framed.length - 1 }, (_, i) => hashOf(framed.slice(i, i + 2))));
  return sparse([...pairs].map((pair) => [pair, 1]));
}

/**
 * What a term of a passage counts in proposals, before its rarity: BM25 with a fixed average length. With no more digits
 * than the server keeps: in JSON each of them is sent.
 */
export const saturated = (frequency: number, words: number): number => {
  const normalised = normalisedFrequency(frequency, words, TYPICAL_WORDS);
  return Math.round(((normalised * (K1 + 1)) / (normalised + K1)) * DIGITS) / DIGITS;
};

export const countsOf = (payload: Pick<ChunkPayload, "counts">): Uint32Array =>
  unpack(new Uint8Array(Buffer.from(payload.counts, "base64")));

export function chunkOf(payload: ChunkPayload): Chunk {
  return {
    id: payload.chunk_id,
    documentId: payload.document_id,
    versionId: payload.version_id,
    title: payload.title,
    headingPath: payload.heading_path,
    page: payload.page ?? undefined,
    start: payload.start,
    end: payload.end,
    text: payload.text,
    ...(payload.places && { places: payload.places }),
  };
}

function sparse(entries: Iterable<readonly [number, number]>, worth = (value: number): number => value): Sparse {
  const [indices, values]: [number[], number[]] = [[], []];
  for (const [index, value] of entries) {
    indices.push(index);
    values.push(worth(value));
  }
  return { indices, values };
}
