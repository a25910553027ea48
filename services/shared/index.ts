import type { Chunk } from "./chunk.ts";
import type { AclEntry, SearchScope } from "./principal.ts";

/** What the index filters on; the state database stays the authority. */
export type Filing = { readonly tenant: string; readonly collection: string; readonly acl: readonly AclEntry[] };

/** One index build. Exactly one is live; searches go to it, writes go to every one that is not dropped. */
export type Generation = {
  readonly id: string;
  readonly status: "building" | "live" | "retired";
  /**
   * What texts were cut and tokenised with: `tokenizer`, `chunker`; and, where it has a dense leg, `embedder`, its
   * `dimensions` and the `languages` that it knows. Changing any of them needs a new generation.
   */
  readonly manifest: Readonly<Record<string, string>>;
};

export type Hit = {
  readonly chunk: Chunk;
  /** Higher is better; comparable within one leg only. */
  readonly score: number;
};

/** Ranked lists by leg. A leg that a generation does not have is absent. Fusion happens in the caller. */
export type Legs = {
  readonly generation: string;
  readonly legs: Readonly<Record<string, readonly Hit[]>>;
  /** Whose vectors the generation has; absent where it has no dense leg. */
  readonly embedder?: string | undefined;
  /** What its embedder was found to know; absent where it was not tried. */
  readonly languages?: readonly string[] | undefined;
};

/** A question's or a passage's place. Only vectors of the same embedder can be compared. */
export type Vector = { readonly embedder: string; readonly values: Float32Array };

/** A chunk that waits for its vector. `ref` is the engine's own. */
export type Unembedded = { readonly ref: string; readonly chunk: Chunk };

/**
 * The search index. Engines: SQLite (`sqlite-index.ts`) and Qdrant (`qdrant-index.ts`). Every call is atomic, idempotent and durable when it
 * resolves. The index only proposes: the second gate decides with the database.
 */
export type SearchIndex = {
  /** Makes ready what the live generation's first search would wait for. That search may come before, and waits then. */
  warm(): Promise<void>;
  /** Makes `chunks` the complete content of a version. An empty list stores nothing. */
  write(filing: Filing, versionId: string, chunks: readonly Chunk[]): Promise<void>;
  /** Many versions in one commit, into every generation that is not retired, or into this one `only`. */
  writeAll(
    batch: readonly { filing: Filing; versionId: string; chunks: readonly Chunk[] }[],
    only?: string,
  ): Promise<void>;
  /** New collection or ACL for a version that is already indexed. Its tenant stays what it is. */
  refile(versionId: string, filing: Filing): Promise<void>;
  remove(versionIds: readonly string[]): Promise<void>;
  /** `limit` is per leg. Rejects with `AppError` (`unavailable`) when `signal` aborts, or when too many searches wait. */
  search(question: string, scope: SearchScope, limit: number, signal: AbortSignal): Promise<Legs>;
  /** `search` in a generation that need not be live, for replays. Resolves to `undefined` when it has been dropped. */
  searchIn(
    generation: string,
    question: string,
    scope: SearchScope,
    limit: number,
    signal: AbortSignal,
  ): Promise<Legs | undefined>;
  /**
   * The dense leg of a generation by cosine, in the same scope. Resolves to `undefined` when it has been dropped, or
   * when its vectors are none or another embedder's.
   */
  nearest(
    generation: string,
    vector: Vector,
    scope: SearchScope,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly Hit[] | undefined>;
  /** Chunks of a generation that have no vector, at most `limit` of `total`. None where it has no dense leg. */
  withoutVectors(generation: string, limit: number): Promise<{ total: number; chunks: readonly Unembedded[] }>;
  /**
   * Gives chunks their vectors; a chunk that has been replaced since is passed over. A chunk that is written or refiled
   * again with the same text keeps its vector. Rejects with `AppError` (`conflict`) when the generation is not this embedder's.
   */
  writeVectors(
    generation: string,
    embedder: string,
    vectors: readonly (Unembedded & { readonly values: Float32Array })[],
  ): Promise<void>;
  /** Version ids held by a generation, the live one by default, for reconciliation. */
  versions(generation?: string): Promise<string[]>;
  generations(): Promise<Generation[]>;
  createGeneration(id: string, manifest: Generation["manifest"]): Promise<void>;
  /** Makes a generation live; the one before becomes `retired` and can be promoted again (roll back). */
  promoteGeneration(id: string): Promise<void>;
  dropGeneration(id: string): Promise<void>;
  /** Leaves no byte of removed versions in the engine's files, as `Database.scrub` does. */
  scrub(): Promise<void>;
  close(): Promise<void>;
};
