import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

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

/** An address that answers with the lines that `read` gives at that moment. */
export async function metricServer(read: () => string): Promise<{ address: string; close(): Promise<void> }> {
  const server = createServer((_request, response) =>
    response.setHeader("content-type", "text/plain").end(`${read()}\n`),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
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
