/** One passage as it is stored: measured on the handbook, which is half English and half Chinese. */
const CHUNK = { textBytes: 700, terms: 75, payloadBytes: 1_900 };
/** A posting of a sparse vector in Qdrant: a point's offset, a weight, and the largest weight that follows. */
const POSTING_BYTES = 12;
/** Id tracker, payload indexes (tenant, ACL, collection, version, revision, kind) and their bitmaps, for one point. */
const POINT_MEMORY_BYTES = 160;
/** Markers of versions and known words, spread over the chunks. */
const OTHER_SHARE = 1.15;
/** Segments are rewritten while they are served. */
const HEADROOM = 1.4;
const REPLICAS = 2;
const NODE = { memoryGiB: 64, diskGiB: 1_500, cores: 16, dollarsAnHour: 0.9 };
/** Chunks that one shard should not exceed, so that its optimizer and a move of it take minutes and not hours. */
const SHARD_CHUNKS = 20_000_000;
/** Of a core: two requests of a search with its probes, for a tenant of up to 100,000 chunks. */
const SEARCH_CORE_MS = 12;
/** Postings that a core reads in a millisecond: what a larger tenant costs more. */
const POSTINGS_A_MS = 60_000;
const TERMS_A_QUESTION = 6;
const HOLDING_SHARE = 0.02;
/** Bytes of the state database for one chunk's share of its document, version, job and log rows. */
const STATE_BYTES = 250;
const USE = 0.5;
/** Of a cluster that agrees by majority. */
const MIN_CLUSTER_NODES = 3;

type Size = { readonly chunks: number; readonly tenantChunks: number; readonly questionsASecond: number };

const GIB = 2 ** 30;
export const SIZES: readonly Size[] = [
  { chunks: 1e6, tenantChunks: 1e5, questionsASecond: 5 },
  { chunks: 1e8, tenantChunks: 1e6, questionsASecond: 100 },
  { chunks: 1e10, tenantChunks: 1e7, questionsASecond: 1_000 },
];

export type Plan = ReturnType<typeof planOf>;

/** What an index of this size needs, by arithmetic alone: nothing of it was measured at this size. */
export function planOf({ chunks, tenantChunks, questionsASecond }: Size) {
  const postings = chunks * CHUNK.terms * POSTING_BYTES * OTHER_SHARE;
  const memory = (postings + chunks * POINT_MEMORY_BYTES) * HEADROOM * REPLICAS;
  const disk = (chunks * CHUNK.payloadBytes * OTHER_SHARE + postings) * HEADROOM * REPLICAS;
  const searchMs = SEARCH_CORE_MS + (tenantChunks * HOLDING_SHARE * TERMS_A_QUESTION) / POSTINGS_A_MS;
  const cores = (questionsASecond * searchMs) / 1000 / USE;
  const nodes = Math.max(
    chunks > SHARD_CHUNKS ? MIN_CLUSTER_NODES : REPLICAS,
    Math.ceil(memory / GIB / NODE.memoryGiB),
    Math.ceil(disk / GIB / NODE.diskGiB),
    Math.ceil(cores / NODE.cores),
  );
  const questionsAnHour = questionsASecond * 3600;
  return {
    memoryGiB: memory / GIB,
    diskGiB: disk / GIB,
    stateGiB: (chunks * STATE_BYTES) / GIB,
    searchMs,
    shards: Math.max(1, Math.ceil(chunks / SHARD_CHUNKS)),
    nodes,
    dollarsAMillionQuestions: (nodes * NODE.dollarsAnHour * 1e6) / questionsAnHour,
  };
}

/** The table of the handbook's page on sizing. */
export function scaleModel(): void {
  console.log(
    "chunks         index memory  index disk   state    shards  nodes  core ms a search  $ a million questions",
  );
  for (const size of SIZES) {
    const plan = planOf(size);
    const cells = [
      size.chunks.toLocaleString("en").padEnd(14),
      sizeOf(plan.memoryGiB).padStart(12),
      sizeOf(plan.diskGiB).padStart(11),
      sizeOf(plan.stateGiB).padStart(9),
      String(plan.shards).padStart(7),
      String(plan.nodes).padStart(6),
      plan.searchMs.toFixed(0).padStart(17),
      plan.dollarsAMillionQuestions.toFixed(0).padStart(22),
    ];
    console.log(cells.join(" "));
  }
}

const sizeOf = (gib: number): string =>
  gib < 1 ? `${Math.round(gib * 1024)} MiB` : gib < 1000 ? `${gib.toFixed(0)} GiB` : `${(gib / 1024).toFixed(1)} TiB`;
