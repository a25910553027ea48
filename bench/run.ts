const env = process.env;

const BENCHMARKS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  retrieval: async (args) =>
    (await import("./retrieval.ts")).retrieval({
      dataFolder: env.EVAL_DATA_DIR ?? "../shared/datasets",
      embeddings: env.CAIRN_EMBEDDINGS,
      args,
    }),
  lineage: async () => (await import("./lineage.ts")).lineage(),
  recall: async () => (await import("./recall.ts")).recall(),
  page: async () => (await import("./page.ts")).page(),
  "train-ranking": async () =>
    (await import("./training/train.ts")).trainRanking(env.EVAL_DATA_DIR ?? "../shared/datasets"),
  "train-units": async () =>
    (await import("./training/train.ts")).trainUnits(env.EVAL_DATA_DIR ?? "../shared/datasets"),
  ingest: async (args) => (await import("./ingest.ts")).ingest(env, args),
  search: async (args) => (await import("./search.ts")).search(env, args),
  "scale-model": async () => (await import("./scale-model.ts")).scaleModel(),
  gateway: async (only) =>
    (await import("./gateway.ts")).gateway({
      judge: env.GATEWAY_BENCH_DIR ?? "../shared/bench/gateway",
      peers: env.GATEWAY_PEERS_DIR ?? "node_modules/.cache/gateway-peers",
      only,
      environment: env,
    }),
};

const [name = "", ...args] = process.argv.slice(2);
const benchmark = BENCHMARKS[name];
if (!benchmark) {
  process.stderr.write(`Which benchmark? One of: ${Object.keys(BENCHMARKS).join(", ")}\n`);
  process.exit(2);
}
await benchmark(args);
