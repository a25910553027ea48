import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { freePorts } from "../helpers/free-ports.ts";
import { scaledRules } from "./scaled-time.ts";

const ROOT = join(import.meta.dirname, "../..");
const CLUSTER = join(ROOT, "../shared/cluster/cluster.sh");
const KEDA = join(ROOT, "../shared/cluster/keda.sh");
const ADAPTER_CONFIG = join(ROOT, "k8s/components/autoscaling-hpa/prometheus-adapter.yaml");
/** Seconds between two looks of the autoscaler. Kubernetes has 15; everything timed is divided alike. */
const HPA_SYNC_S = 2;

let stop = async (): Promise<void> => {};

/**
 * Takes the cluster of KUBECONFIG, or starts one; and a Prometheus that reads what the tests name in a folder. Without
 * either the tests say that they are skipped. A cluster has one provider of external metrics: the Prometheus Adapter,
 * or KEDA when its tests alone are asked for.
 */
export async function setup(): Promise<void> {
  if (process.env.KUBECONFIG) return;
  const withKeda = process.argv.at(-1) === "keda";
  if (!existsSync(CLUSTER) || spawnSync("prometheus", ["--version"]).status !== 0) {
    process.stderr.write("test:cluster: no KUBECONFIG, and no ../shared/cluster with Debian's package prometheus\n");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "cairn-cluster-"));
  const [prometheus, url] = await startPrometheus(folder);
  const started = performance.now();
  const env = {
    ...process.env,
    ADAPTER_CONFIG,
    HPA_SYNC: `${HPA_SYNC_S}s`,
    HPA_DOWNSCALE_STABILIZATION: "10s",
    NODE_CPU: "64",
    NODE_MEMORY: "512Gi",
  };
  const cluster = join(folder, "cluster");
  execFileSync(CLUSTER, ["up", ...(withKeda ? [] : ["--metrics", url]), cluster], { env, stdio: "pipe" });
  if (withKeda) execFileSync(KEDA, ["up", cluster], { stdio: ["ignore", "pipe", "inherit"] });
  process.stderr.write(`test:cluster: a control plane after ${Math.round(performance.now() - started)} ms\n`);
  process.env.KUBECONFIG = join(cluster, "kubeconfig");
  process.env.KUBECTL = join(cluster, "bin/kubectl");
  if (withKeda) process.env.CAIRN_TEST_KEDA = "1";
  process.env.CAIRN_TEST_PROMETHEUS = url;
  process.env.CAIRN_TEST_TARGETS = join(folder, "targets");
  stop = async () => {
    if (withKeda) execFileSync(KEDA, ["down", cluster], { stdio: "pipe" });
    execFileSync(CLUSTER, ["down", cluster], { stdio: "pipe" });
    prometheus.kill();
    await sleep(200);
    rmSync(folder, { recursive: true, force: true });
  };
}

export const teardown = (): Promise<void> => stop();

async function startPrometheus(folder: string): Promise<[ChildProcess, string]> {
  const [port] = await freePorts();
  const targets = join(folder, "targets");
  mkdirSync(targets);
  writeFileSync(join(folder, "rules.yaml"), stringify(scaledRules()));
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: [join(folder, "rules.yaml")],
    scrape_configs: [
      {
        job_name: "tests",
        honor_labels: true,
        file_sd_configs: [{ files: [`${targets}/*.json`], refresh_interval: "1s" }],
      },
    ],
  };
  writeFileSync(join(folder, "prometheus.yaml"), stringify(config));
  const args = [
    `--config.file=${join(folder, "prometheus.yaml")}`,
    `--storage.tsdb.path=${join(folder, "tsdb")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=warn",
  ];
  const child = spawn("prometheus", args, { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries++) {
    if ((await fetch(`${url}/-/ready`).catch(() => undefined))?.ok) return [child, url];
    await sleep(100);
  }
  throw new Error("Prometheus did not start.");
}
