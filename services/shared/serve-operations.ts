import type { Log } from "./log.ts";
import { type Checks, mountProbes } from "./probes.ts";
import { createServer, listen } from "./server.ts";
import type { Stop } from "./shutdown.ts";
import type { Metrics } from "./telemetry.ts";
import { VERSION } from "./version.ts";

export type OperationsSettings = {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly checks: Checks;
  readonly log: Log;
  readonly metrics: Metrics;
};

/**
 * Serves probes and metrics on a port of their own, which no caller of the service can reach. Its stop comes last:
 * probes and metrics must answer while streams end. Rejects with a sentence when the port is taken.
 */
export async function serveOperations({ service, host, port, checks, log, metrics }: OperationsSettings) {
  let draining = false;
  const server = createServer({ service: `${service}-operations`, version: VERSION, log, metrics });
  mountProbes(server, { checks, draining: () => draining }, metrics);
  await listen(server, host, port, "CAIRN_METRICS_PORT");
  return {
    drain: (): void => {
      draining = true;
    },
    stop: { name: "operations", run: async () => server.close() } satisfies Stop,
  };
}
