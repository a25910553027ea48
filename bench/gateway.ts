import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PORT = 8181;
const METRICS_PORT = 9191;
const KEY = "bench-key-of-the-service";
const ROUNDS = "3";
const SECONDS = "5";

type Row = {
  readonly rps: number;
  readonly p50Ms: number;
  readonly ttft50Ms?: number;
  readonly cpuMicros: number;
};
type Medians = Readonly<Record<string, Readonly<Record<string, Row>>>>;

/** [what, measured, target, whether more is better]. A peer that is not installed gives no line. */
type Verdict = readonly [what: string, measured: number | undefined, target: number, atLeast: boolean];

export type GatewaySettings = {
  /** The folder of the judge: `compare.mjs`, `behaviours.mjs`, `install-peers.sh`. */
  readonly judge: string;
  /** Where the peers are, or will be installed (about 2 GB). */
  readonly peers: string;
  readonly only: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/**
 * The gateway beside its peers and a bare pass-through, all features on, in one run on this machine; then what it does
 * when something goes wrong. Needs wrk and taskset.
 */
export async function gateway({ judge, peers: peersFolder, only, environment }: GatewaySettings): Promise<void> {
  const peers = resolve(peersFolder);
  const run = runIn.bind(undefined, environment);
  const judgeFolder = resolve(judge);
  if (!existsSync(join(judgeFolder, "compare.mjs"))) {
    process.stdout.write(`gateway: skipped, there is no judge at ${judgeFolder} (GATEWAY_BENCH_DIR)\n`);
    return;
  }
  if (!existsSync(join(peers, "peers.json"))) {
    mkdirSync(peers, { recursive: true });
    run("bash", [join(judgeFolder, "install-peers.sh"), peers], {}, peers);
  }
  const scratch = mkdtempSync(join(tmpdir(), "cairn-bench-"));
  const routes = join(scratch, "routes.yaml");
  writeFileSync(routes, ROUTES);
  const command = `${process.execPath} ${resolve("services/gateway/main.ts")} --routes ${routes}`;
  const env = {
    CAIRN_GATEWAY_KEY: KEY,
    CAIRN_GATEWAY_PORT: String(PORT),
    CAIRN_METRICS_PORT: String(METRICS_PORT),
  };
  const medians: Record<string, Readonly<Record<string, Row>>> = {};
  for (const mode of ["json", "sse", "sse-real"].filter((name) => only.length === 0 || only.includes(name))) {
    const out = join(scratch, `${mode}.json`);
    const judgeEnv = {
      ...env,
      PEERS: "peers.json",
      PORTKEY_DIR: "portkey",
      OURS_CMD: command,
      OURS_PORT: String(PORT),
      OURS_KEY: KEY,
      OUT: out,
    };
    run(process.execPath, [join(judgeFolder, "compare.mjs"), mode, ROUNDS, SECONDS], judgeEnv, peers);
    Object.assign(medians, (JSON.parse(readFileSync(out, "utf8")) as { medians: Medians }).medians);
  }
  for (const [what, measured, target, atLeast] of verdicts(medians)) {
    if (measured === undefined) continue;
    const reached = atLeast ? measured >= target : measured <= target;
    const line = `${what.padEnd(52)} ${measured.toFixed(2)} (target ${atLeast ? "≥" : "≤"} ${target})`;
    process.stdout.write(`${reached ? "reached" : "MISSED "} ${line}\n`);
  }
  if (only.length === 0 || only.includes("behaviours")) {
    const peer = { name: "ours", port: PORT, command, env, headers: { authorization: `Bearer ${KEY}` } };
    const file = join(scratch, "ours.json");
    writeFileSync(file, JSON.stringify([peer]));
    run(process.execPath, [join(judgeFolder, "behaviours.mjs"), file], {}, peers);
  }
  rmSync(scratch, { recursive: true });
}

/** Everything on: a key, limits, two weights to choose by, metrics, the access log. */
const ROUTES = `
upstreams:
  one: { base_url: "http://127.0.0.1:9100/v1", model: mock, price: { input_per_million: 1, output_per_million: 2 } }
models:
  mock: { tiers: [[one]] }
limits:
  default: { requests_per_minute: 1000000000, tokens_per_minute: 1000000000, concurrent_streams: 100000 }
`;

/** The targets of the project. They hold for ratios of one run only: machines differ by a factor of three. */
function verdicts(medians: Medians): Verdict[] {
  const ratio = (label: string, peer: string, key: "rps" | "cpuMicros"): number | undefined => {
    const row = medians[label];
    return row?.ours && row[peer] && row.ours[key] / row[peer][key];
  };
  const more = (label: string, peer: string, key: "p50Ms" | "ttft50Ms"): number | undefined => {
    const row = medians[label];
    return row?.ours && row[peer] && (row.ours[key] ?? 0) - (row[peer][key] ?? 0);
  };
  const [one, many, stream, streams, paced] = [
    "json c=1",
    "json c=64",
    "sse 50 chunks c=1",
    "sse 50 chunks c=32",
    "sse 50 x 10 ms c=200",
  ] as const;
  const direct = medians[paced]?.direct?.ttft50Ms;
  const ours = medians[paced]?.ours?.ttft50Ms;
  return [
    ["json c=64: requests a second / SGLang's router", ratio(many, "sglang-router", "rps"), 1, true],
    ["json c=64: requests a second / vLLM's router", ratio(many, "vllm-router", "rps"), 0.85, true],
    ["json c=64: requests a second / Portkey", ratio(many, "portkey", "rps"), 4.5, true],
    ["json c=64: requests a second / LiteLLM", ratio(many, "litellm", "rps"), 70, true],
    ["json c=64: CPU a request / bare pass-through", ratio(many, "node-floor", "cpuMicros"), 1.6, false],
    ["json c=1: p50 ms above the bare pass-through", more(one, "node-floor", "p50Ms"), 0.15, false],
    ["sse c=1: TTFT p50 ms above the bare pass-through", more(stream, "node-floor", "ttft50Ms"), 0.3, false],
    ["sse c=32: streams a second / bare pass-through", ratio(streams, "node-floor", "rps"), 0.9, true],
    ["sse paced c=200: TTFT p50 / direct", direct && ours && ours / direct, 1.1, false],
  ];
}

function runIn(
  environment: GatewaySettings["environment"],
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): void {
  const { status, error } = spawnSync(command, args, {
    env: { ...environment, ...env },
    cwd,
    stdio: ["ignore", "inherit", "ignore"],
  });
  if (error || status !== 0)
    throw new Error(`${command} ${args[0]} failed (${error?.message ?? `exit ${status}`}). Needs wrk and taskset.`);
}
