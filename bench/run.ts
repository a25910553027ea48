const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = {
  retrieval: async () => (await import("./retrieval.ts")).retrieval(process.env.EVAL_DATA_DIR ?? "../shared/datasets"),
};

const name = process.argv[2] ?? "";
const benchmark = BENCHMARKS[name];
if (!benchmark) {
  process.stderr.write(`Which benchmark? One of: ${Object.keys(BENCHMARKS).join(", ")}\n`);
  process.exit(2);
}
await benchmark();
