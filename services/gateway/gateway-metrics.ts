import { Gauge } from "prom-client";
import { fastCounter, fastHistogram } from "#shared/fast-metrics.ts";
import type { Metrics } from "#shared/telemetry.ts";
import type { BreakerState } from "./routing/breaker.ts";
import type { LiveRoutes } from "./routing/live-routes.ts";
import type { Served } from "./routing/serve.ts";
import type { ShadowOutcome } from "./routing/shadow.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const OVERHEAD_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1];
const TOKEN_SECONDS = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5];
const BREAKER_STATES = { closed: 0, "half-open": 1, open: 2 } as const;

/** What is known of a request when it is over. */
export type Done = {
  readonly model: string;
  readonly firstMs: number;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly cost: number;
};

/** What the gateway counts. Labels are aliases, upstreams and codes of the route file, never a tenant. */
export function createGatewayMetrics({ registry, httpSeconds }: Metrics) {
  const registers = [registry];
  let routes: LiveRoutes | undefined;
  const perModel = (
    name: string,
    help: string,
    read: (model: ReturnType<LiveRoutes["list"]>[number]) => number,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: ["model"],
      registers,
      collect() {
        this.reset();
        for (const model of routes?.list() ?? []) this.set({ model: model.settings.alias }, read(model));
      },
    });
  };
  perModel(
    "cairn_gateway_demand",
    "Requests queued or running, by model alias: what autoscaling follows.",
    ({ admission, running }) => admission.queued + running,
  );
  perModel("cairn_gateway_queued", "Requests that wait for a place.", ({ admission }) => admission.queued);
  perModel("cairn_gateway_running", "Requests at an upstream.", ({ running }) => running);
  new Gauge({
    name: "cairn_gateway_upstream_running",
    help: "Requests at an upstream.",
    labelNames: ["upstream"],
    registers,
    collect() {
      this.reset();
      for (const { name, inFlight } of routes?.upstreams() ?? []) this.set({ upstream: name }, inFlight);
    },
  });
  new Gauge({
    name: "cairn_gateway_breaker_state",
    help: "0 closed, 1 half-open, 2 open.",
    labelNames: ["upstream"],
    registers,
    collect() {
      this.reset();
      for (const { name, breaker } of routes?.upstreams() ?? [])
        this.set({ upstream: name }, BREAKER_STATES[breaker.state]);
    },
  });
  const counter = <const Names extends readonly string[]>(name: string, help: string, labelNames: Names) =>
    fastCounter(registry, name, help, labelNames);
  const histogram = (name: string, help: string, buckets: readonly number[]) =>
    fastHistogram(registry, name, help, ["model"], buckets);
  const attempts = counter("cairn_gateway_attempts_total", "Tries of an upstream.", ["upstream", "outcome"]);
  const retries = counter("cairn_gateway_retries_total", "Requests that needed more than one try.", ["model"]);
  const breakerChanges = counter("cairn_gateway_breaker_changes_total", "Changes of a breaker.", ["upstream", "state"]);
  const tokens = counter("cairn_gateway_tokens_total", "Tokens by model alias.", ["model", "kind"]);
  const cost = counter("cairn_gateway_cost_total", "Cost by the prices of the route file.", ["model"]);
  const shadows = counter("cairn_gateway_shadow_total", "Copies of requests and how they compared.", [
    "upstream",
    "outcome",
  ]);
  const reloads = counter("cairn_gateway_route_file_total", "Route files read.", ["outcome"]);
  const firstToken = histogram(
    "cairn_gateway_time_to_first_token_seconds",
    "From the request to the first delta of its answer.",
    SECONDS,
  );
  const perToken = histogram(
    "cairn_gateway_time_per_output_token_seconds",
    "Between the first token and the last, by token.",
    TOKEN_SECONDS,
  );
  const queueing = histogram("cairn_gateway_queue_seconds", "Waiting for a place.", SECONDS);
  const overhead = histogram(
    "cairn_gateway_overhead_seconds",
    "The gateway's own time up to the first byte: without the queue and the upstream.",
    OVERHEAD_SECONDS,
  );
  return {
    /** From here on the gauges tell of these routes. */
    watch(live: LiveRoutes): void {
      routes = live;
    },
    onAttempt: (upstream: string, outcome: string): void => attempts(1, upstream, outcome),
    onBreaker: (upstream: string, state: BreakerState): void => breakerChanges(1, upstream, state),
    onShadow: (upstream: string, outcome: ShadowOutcome): void => shadows(1, upstream, outcome),
    onRouteFile: (outcome: "loaded" | "rejected"): void => reloads(1, outcome),
    onServed(model: string, served: Served<unknown>, firstMs: number): void {
      firstToken(firstMs / 1000, model);
      queueing(served.queuedMs / 1000, model);
      overhead(Math.max(0, firstMs - served.queuedMs - served.upstreamMs) / 1000, model);
      if (served.attempts > 1) retries(1, model);
    },
    onDone(route: string, status: number, totalMs: number, { model, firstMs, usage: used, cost: paid }: Done): void {
      httpSeconds(totalMs / 1000, "gateway", "POST", route, String(status));
      if (used.prompt_tokens > 0) tokens(used.prompt_tokens, model, "prompt");
      if (used.completion_tokens > 0) tokens(used.completion_tokens, model, "completion");
      if (used.completion_tokens > 1 && totalMs > firstMs) {
        perToken((totalMs - firstMs) / 1000 / (used.completion_tokens - 1), model);
      }
      if (paid > 0) cost(paid, model);
    },
  };
}

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;
