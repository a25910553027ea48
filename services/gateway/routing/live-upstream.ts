import type { Clock } from "../clock.ts";
import { extractiveUpstream } from "../upstreams/extractive.ts";
import { onnxUpstream } from "../upstreams/onnx.ts";
import { openAiUpstream } from "../upstreams/openai.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { type Breaker, type BreakerState, createBreaker } from "./breaker.ts";
import type { Member } from "./choose-upstream.ts";
import { createProber } from "./probe.ts";
import type { Price, UpstreamSettings } from "./route-table.ts";

/** A configured model server with what is known of it at this moment. */
export type LiveUpstream = Member & {
  readonly settings: UpstreamSettings;
  readonly server: Upstream;
  readonly breaker: Breaker;
  readonly price: Price;
  inFlight: number;
  /** Whoever takes a place without a queue says so when it is free again, for those that wait in one. */
  freed(): void;
  /** Nothing listens there. It is down until a probe, which begins now, says otherwise. */
  refused(): void;
  close(): Promise<void>;
};

/** One lost packet is no outage. */
const FAILED_PROBES = 2;
const FREE: Price = { inputPerMillion: 0, outputPerMillion: 0 };

export function liveUpstream(
  settings: UpstreamSettings,
  clock: Clock,
  onBreaker: (upstream: string, state: BreakerState) => void,
  onChange: () => void,
): LiveUpstream {
  const server = serverOf(settings);
  const breaker = createBreaker(clock, (state) => {
    onBreaker(settings.name, state);
    onChange();
  });
  let up = true;
  let failed = FAILED_PROBES - 1; // who never answered is down at once: it may be starting
  const onResult = (ok: boolean): void => {
    if (live.inFlight > 0 && up) return;
    failed = ok ? 0 : failed + 1;
    const before = up;
    up = failed < FAILED_PROBES;
    if (up !== before) onChange();
  };
  // A request under way tells more than a probe; and llama.cpp's Python server breaks it off when another one comes.
  const ask = async (signal: AbortSignal): Promise<void> => {
    if (live.inFlight === 0 || !up) await server.ping(signal);
  };
  const prober = settings.kind === "openai" ? createProber({ ask, everyMs: settings.probeMs, onResult }) : undefined;
  const live: LiveUpstream = {
    settings,
    server,
    breaker,
    name: settings.name,
    maxConcurrent: settings.maxConcurrent,
    price: settings.kind === "openai" ? settings.price : FREE,
    inFlight: 0,
    get mayTry() {
      return up && breaker.mayTry();
    },
    freed: onChange,
    refused() {
      if (!prober) return;
      failed = FAILED_PROBES;
      up = false;
      prober.soon();
    },
    async close() {
      prober?.stop();
      await server.close();
    },
  };
  prober?.start();
  return live;
}

function serverOf(settings: UpstreamSettings): Upstream {
  switch (settings.kind) {
    case "openai":
      return openAiUpstream(settings);
    case "onnx":
      return onnxUpstream(settings);
    case "embedded":
      return extractiveUpstream(settings.name, settings.digest);
  }
}
