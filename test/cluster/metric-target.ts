import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

const FOLDER = process.env.CAIRN_TEST_TARGETS;

/** Whether the Prometheus of these tests runs, beside the cluster that they started. */
export const PROMETHEUS = process.env.CAIRN_TEST_PROMETHEUS;
export const NO_PROMETHEUS = PROMETHEUS ? "" : " (skipped: needs the cluster and the Prometheus that the tests start)";

/** Has Prometheus read an address from now on, with the labels that it would add in a cluster. */
export function scrape(name: string, address: string, labels: Record<string, string>): { stop(): void } {
  const file = join(FOLDER!, `${name}.json`);
  writeFileSync(file, JSON.stringify([{ targets: [address.replace("http://", "")], labels }]));
  return { stop: () => rmSync(file, { force: true }) };
}

/** In a thread of its own: while a test waits for kubectl nothing else runs in its own, and scrapes would be late. */
const SERVER = `
  const { parentPort } = require("node:worker_threads");
  let text = "";
  const server = require("node:http").createServer((_, response) =>
    response.setHeader("content-type", "text/plain").end(text + "\\n"));
  parentPort.on("message", (next) => { text = next; });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;
const TOLD_EVERY_MS = 100;

/** An address that answers with the lines that `read` gave a moment ago. */
export async function metricServer(read: () => string): Promise<{ address: string; close(): Promise<void> }> {
  const server = new Worker(SERVER, { eval: true });
  server.postMessage(read());
  const [port] = (await once(server, "message")) as [number];
  const timer = setInterval(() => server.postMessage(read()), TOLD_EVERY_MS);
  return {
    address: `127.0.0.1:${port}`,
    async close(): Promise<void> {
      clearInterval(timer);
      await server.terminate();
    },
  };
}

/** What the metrics API of the cluster says, as an autoscaler would ask: one number for each result. */
export function externalMetric(
  kubectl: (args: readonly string[]) => string,
  namespace: string,
  name: string,
): number[] {
  const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${name}?labelSelector=model%3Dchat`;
  const { items } = JSON.parse(kubectl(["get", "--raw", path])) as { items: { value: string }[] };
  return items.map(({ value }) => (value.endsWith("m") ? Number(value.slice(0, -1)) / 1000 : Number(value)));
}

/** Names of the alerts that fire in a namespace. */
export async function firing(namespace: string): Promise<string[]> {
  const answer = await fetch(`${PROMETHEUS}/api/v1/alerts`);
  const { data } = (await answer.json()) as { data: { alerts: { state: string; labels: Record<string, string> }[] } };
  return data.alerts
    .filter(({ state, labels }) => state === "firing" && labels.namespace === namespace)
    .map(({ labels }) => labels.alertname!);
}
