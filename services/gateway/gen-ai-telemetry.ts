import type { IncomingHttpHeaders } from "node:http";
import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from "@opentelemetry/sdk-trace";

const CLOSE_MS = 5000;

/** Names of OpenTelemetry's semantic conventions for generative AI. Attributes come from closed sets, or are spans' only. */
const METRICS = {
  duration: "gen_ai.server.request.duration",
  firstToken: "gen_ai.server.time_to_first_token",
  perToken: "gen_ai.server.time_per_output_token",
  tokens: "gen_ai.client.token.usage",
} as const;
const OPERATIONS: Readonly<Record<string, string>> = {
  "/v1/chat/completions": "chat",
  "/v1/completions": "text_completion",
  "/v1/embeddings": "embeddings",
  "/v1/rerank": "rerank",
};
/** The boundaries that the conventions recommend, in seconds and in tokens. */
const DURATION = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const FIRST_TOKEN = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const PER_TOKEN = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

/** A request that is over. Of what was asked and answered it holds no word. */
export type Told = {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  /** The alias, or `none` when no upstream answered. */
  readonly model: string;
  readonly served:
    | {
        readonly upstream: { readonly name: string; readonly server: { readonly model: string } };
        readonly attempts: number;
      }
    | undefined;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly firstMs: number;
};

export type GenAiTelemetry = {
  onDone(route: string, status: number, totalMs: number, request: Told): void;
  /** Sends what is held, for at most `CLOSE_MS`. */
  close(): Promise<void>;
};

export type TelemetrySettings = {
  /** The collector's base URL; `/v1/traces` and `/v1/metrics` are below it. */
  readonly endpoint: string;
  readonly service: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/**
 * Spans and metrics of model requests to an OpenTelemetry collector (OTLP over HTTP). A `traceparent` of the caller is the
 * parent, and its decision about sampling holds. Loaded only where a collector is configured.
 */
export function createGenAiTelemetry({ endpoint, service, version, now }: TelemetrySettings): GenAiTelemetry {
  const resource = resourceFromAttributes({ "service.name": service, "service.version": version });
  const tracers = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }) })],
  });
  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` }) }),
    ],
  });
  const tracer = tracers.getTracer("cairn-gateway", version);
  const meter = meters.getMeter("cairn-gateway", version);
  const histogram = (name: string, unit: string, boundaries: number[]) =>
    meter.createHistogram(name, { unit, advice: { explicitBucketBoundaries: boundaries } });
  const duration = histogram(METRICS.duration, "s", DURATION);
  const firstToken = histogram(METRICS.firstToken, "s", FIRST_TOKEN);
  const perToken = histogram(METRICS.perToken, "s", PER_TOKEN);
  const tokens = histogram(METRICS.tokens, "{token}", TOKENS);

  return {
    onDone(route, status, totalMs, { id, headers, model, served, usage, firstMs }) {
      const operation = OPERATIONS[route] ?? route;
      const shared: Attributes = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": served?.upstream.name ?? "none",
        "gen_ai.request.model": model,
        ...(served && { "gen_ai.response.model": served.upstream.server.model }),
      };
      const failed: Attributes = status >= 400 ? { "error.type": String(status) } : {};
      const { prompt_tokens: input, completion_tokens: output } = usage;
      const endTime = now();
      const span = tracer.startSpan(
        `${operation} ${model}`,
        {
          kind: SpanKind.SERVER,
          startTime: endTime - totalMs,
          attributes: {
            ...shared,
            ...failed,
            "gen_ai.usage.input_tokens": input,
            "gen_ai.usage.output_tokens": output,
            "http.response.status_code": status,
            "http.route": route,
            "cairn.request.id": id,
            "cairn.attempts": served?.attempts ?? 0,
          },
        },
        parentOf(headers.traceparent),
      );
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(endTime);

      duration.record(totalMs / 1000, { ...shared, ...failed });
      if (!served) return;
      firstToken.record(firstMs / 1000, shared);
      if (output > 1 && totalMs > firstMs) perToken.record((totalMs - firstMs) / 1000 / (output - 1), shared);
      if (input > 0) tokens.record(input, { ...shared, "gen_ai.token.type": "input" });
      if (output > 0) tokens.record(output, { ...shared, "gen_ai.token.type": "output" });
    },
    async close() {
      const closed = Promise.allSettled([tracers.shutdown(), meters.shutdown()]);
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    },
  };
}

function parentOf(traceparent: string | string[] | undefined): Context {
  const parent = typeof traceparent === "string" ? parseTraceParent(traceparent) : null;
  return parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT;
}
