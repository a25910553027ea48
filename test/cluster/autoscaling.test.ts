import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayProcess, gatewayProcess, routesTo } from "../helpers/gateway-process.ts";
import { crowd } from "./crowd.ts";
import { inferenceAutoscaler, inferenceDeployment } from "./inference-objects.ts";
import { apply, fieldOf, kubectl, namespaceOf, tryKubectl, until } from "./kubectl.ts";
import { externalMetric, NO_PROMETHEUS, PROMETHEUS, scrape } from "./metric-target.ts";
import { TIME_SCALE } from "./scaled-time.ts";
import { slowModelServer } from "./slow-model-server.ts";
import { drawTimeline, type Mark, type Sample } from "./timeline.ts";

const NAMESPACE = "test-autoscaling";
const TARGET = 16;
const SYNC_S = 2;
/** Loading of the weights. */
const READY_AFTER_S = 6;
/** Prometheus looks every second, the script twice a second, and the machine may be busy. */
const LAG_S = 4;
const WINDOW_S = 300 / TIME_SCALE;
const STEP_DOWN_S = 60 / TIME_SCALE;
const [CALM, CROWDED, WOBBLE] = [4, 58, 6];

const samples: Sample[] = [];
const marks: Mark[] = [];
let people = 0;
let ready = 1;
let started = 0;
let gateway: GatewayProcess;
let upstream: Awaited<ReturnType<typeof slowModelServer>>;
let load: ReturnType<typeof crowd>;
let recording: Promise<void>;
let target: { stop(): void };
let over = false;

const seconds = (): number => (performance.now() - started) / 1000;
const mark = (text: string): number => {
  const at = seconds();
  marks.push({ at, text });
  return at;
};
const between = (from: number, to: number): Sample[] => samples.filter(({ at }) => at >= from && at <= to);

/** What the autoscaler says that it did, on its own clock: a busy machine sees it late. Whole seconds. */
function stepsDown(): { seconds: number; pods: number }[] {
  const selector = "--field-selector=involvedObject.name=inference,reason=SuccessfulRescale";
  const { items } = JSON.parse(kubectl(["-n", NAMESPACE, "get", "events", selector, "-o", "json"])) as {
    items: { firstTimestamp: string; message: string }[];
  };
  return items
    .filter(({ message }) => message.includes("below target"))
    .map(({ firstTimestamp, message }) => ({
      seconds: Date.parse(firstTimestamp) / 1000,
      pods: Number(/New size: (\d+)/.exec(message)![1]),
    }))
    .sort((a, b) => a.seconds - b.seconds);
}

async function record(): Promise<void> {
  while (!over) {
    const text = await (await fetch(`${gateway.operations}/metrics`)).text();
    const gauge = (name: string): number =>
      Number(new RegExp(`^${name}\\{model="chat"\\} (\\d+)`, "m").exec(text)?.[1] ?? 0);
    const [wanted, available] = fieldOf(
      NAMESPACE,
      "deployment/inference",
      ".spec.replicas},{.status.readyReplicas",
    ).split(",");
    ready = Number(available ?? 0);
    upstream.pump();
    const [demand, queued] = [gauge("cairn_gateway_demand"), gauge("cairn_gateway_queued")];
    samples.push({ at: seconds(), demand, queued, wanted: Number(wanted), ready });
    await sleep(400);
  }
}

beforeAll(async () => {
  if (!PROMETHEUS) return;
  upstream = await slowModelServer(() => ready * TARGET);
  gateway = await gatewayProcess(routesTo(upstream.baseUrl, "max_concurrent: 256"));
  await gateway.ready();
  target = scrape("gateway", gateway.operations, { namespace: NAMESPACE, pod: "gateway-1" });
  apply(namespaceOf(NAMESPACE), inferenceDeployment(NAMESPACE, `${READY_AFTER_S}s`, false));
  await until(
    "the metrics API knows the demand",
    () =>
      tryKubectl(["get", "--raw", `/apis/external.metrics.k8s.io/v1beta1/namespaces/${NAMESPACE}/cairn_gateway_demand`])
        .ok,
    Boolean,
  );
  apply(inferenceAutoscaler(NAMESPACE));
  await until(
    "the first pod",
    () => fieldOf(NAMESPACE, "deployment/inference", ".status.readyReplicas"),
    (seen) => seen === "1",
  );
  people = CALM;
  load = crowd(gateway.url, "chat", () => people);
  started = performance.now();
  recording = record();
});

afterAll(async () => {
  if (!PROMETHEUS) return;
  over = true;
  await recording;
  await load.leave();
  target.stop();
  await gateway.close();
  await upstream.close();
  kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
  const file = process.env.CAIRN_TIMELINE;
  const note = `recorded on a real control plane; time runs ${TIME_SCALE} times as fast as with the shipped settings`;
  if (file) writeFileSync(file, drawTimeline(samples, marks, TARGET, note));
});

const within = test.skipIf(!PROMETHEUS);

within(`the gateway's demand arrives at the autoscaler as one number${NO_PROMETHEUS}`, async () => {
  await until(
    "demand",
    () => externalMetric(kubectl, NAMESPACE, "cairn_gateway_demand"),
    (seen) => seen[0] === CALM,
  );
  expect(externalMetric(kubectl, NAMESPACE, "cairn_gateway_demand")).toHaveLength(1);
  await sleep(SYNC_S * 2000);
  expect(samples.at(-1)!.wanted).toBe(1);
});

within(
  `overload calls for all pods that it needs within two looks of the autoscaler, and for none more while they load`,
  async () => {
    const from = mark(`${CROWDED} people`);
    people = CROWDED;
    const wanted = Math.ceil(CROWDED / TARGET);
    await until(
      `${wanted} pods wanted`,
      () => samples.at(-1)!.wanted,
      (seen) => seen >= wanted,
    );
    const took = seconds() - from;
    process.stderr.write(`test:cluster: 1 → ${wanted} pods wanted after ${took.toFixed(1)} s\n`);
    expect(took).toBeLessThan(2 * SYNC_S + LAG_S);
    await until(
      `${wanted} pods ready`,
      () => samples.at(-1)!.ready,
      (seen) => seen === wanted,
    );
    mark(`${wanted} pods ready`);
    await sleep(3 * SYNC_S * 1000);
    const most = Math.max(...between(from, seconds()).map((sample) => sample.wanted));
    expect(most).toBe(wanted);
  },
);

within("ten percent more or less changes nothing", async () => {
  const from = mark("± 10 %");
  for (let wave = 0; wave < 6; wave++) {
    people = CROWDED + (wave % 2 === 0 ? WOBBLE : -WOBBLE);
    await sleep(1.5 * SYNC_S * 1000);
  }
  people = CROWDED;
  await sleep(SYNC_S * 1000);
  const wanted = new Set(between(from, seconds()).map((sample) => sample.wanted));
  expect([...wanted]).toEqual([Math.ceil(CROWDED / TARGET)]);
});

within("when people leave, pods go one at a time, and not before the window is over", async () => {
  mark(`${CALM} people`);
  const left = Date.now() / 1000;
  people = CALM;
  await until(
    "one pod wanted",
    () => samples.at(-1)!.wanted,
    (seen) => seen === 1,
    180_000,
  );
  mark("1 pod");
  const steps = stepsDown();
  expect(steps.map(({ pods }) => pods)).toEqual([3, 2, 1]);
  expect(steps[0]!.seconds - left).toBeGreaterThan(WINDOW_S - LAG_S);
  for (const [at, step] of steps.entries()) {
    if (at > 0) expect(step.seconds - steps[at - 1]!.seconds).toBeGreaterThan(STEP_DOWN_S - 2);
  }
});

within("no request failed meanwhile", () => {
  expect(load.failures).toEqual([]);
  expect(load.answered).toBeGreaterThan(500);
});
