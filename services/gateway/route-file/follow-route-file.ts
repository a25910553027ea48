import type { Env } from "#shared/env.ts";
import type { Log } from "#shared/log.ts";
import type { GatewayMetrics } from "../gateway-metrics.ts";
import type { RouteTable } from "../routing/route-table.ts";
import { watchRouteFile } from "./watch-route-file.ts";

type Gateway = { apply(table: RouteTable): void; readonly metrics: GatewayMetrics };

/** The gateway does what the file says, from now on and after each change. A bad file stops a start and later only complains. */
export function followRouteFile(path: string, env: Env, gateway: Gateway, log: Log): { close(): void } {
  let started = false;
  const watched = watchRouteFile(path, {
    env,
    onTable(table, warnings) {
      gateway.apply(table);
      gateway.metrics.onRouteFile("loaded");
      log.info("route file loaded", { models: table.models.size, upstreams: table.upstreams.size });
      for (const warning of warnings) log.warn("route file", { warning });
    },
    onFailure(problem) {
      gateway.metrics.onRouteFile("rejected");
      if (!started) throw new Error(problem);
      log.warn("route file rejected, the last good one stays", { problem });
    },
  });
  started = true;
  return watched;
}
