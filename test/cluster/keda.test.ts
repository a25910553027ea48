import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayProcess, gatewayProcess } from "../helpers/gateway-process.ts";
import { crowd } from "./crowd.ts";
import { inferenceDeployment, inferenceScaledObject } from "./inference-objects.ts";
import { apply, fieldOf, kubectl, namespaceOf, until } from "./kubectl.ts";
import { PROMETHEUS, scrape } from "./metric-target.ts";
import { serviceOfPods } from "./service-of-pods.ts";
import { slowModelServer } from "./slow-model-server.ts";

const KEDA = process.env.CAIRN_TEST_KEDA !== undefined;
const NO_KEDA = KEDA ? "" : " (skipped: `npm run test:cluster -- keda`, after `../shared/cluster/keda.sh build`)";
const ROUTES = join(import.meta.dirname, "../../k8s/components/autoscaling-keda/routes.yaml");

const NAMESPACE = "test-keda";
const TARGET = 16;
/** Loading of the weights. */
const READY_AFTER_S = 6;
const COOLDOWN_S = 12;
const CROWD = 58;
/** Several looks of KEDA, and the time after which it would go to zero. */
const A_WHILE_MS = 2 * COOLDOWN_S * 1000;

let people = 0;
let ready = 0;
let gateway: GatewayProcess;
let upstream: Awaited<ReturnType<typeof slowModelServer>>;
let service: Awaited<ReturnType<typeof serviceOfPods>>;
let load: ReturnType<typeof crowd>;
let target: { stop(): void };
let following: Promise<void>;
let over = false;

const wanted = (): number => Number(fieldOf(NAMESPACE, "deployment/inference", ".spec.replicas") || 0);
const condition = (type: string): string =>
  fieldOf(NAMESPACE, "scaledobject/inference", `.status.conditions[?(@.type=="${type}")].status`);
/** Until the last pod is gone as well: what it was asked while it ended would go to the next tier. */
async function toZero(): Promise<void> {
  await until("no pod wanted", wanted, (seen) => seen === 0);
  await until(
    "no pod serves",
    () => service.isOpen(),
    (seen) => !seen,
  );
}
const scrapeGateway = (): { stop(): void } =>
  scrape("gateway", gateway.operations, { namespace: NAMESPACE, pod: "gateway-1" });

/** Opens the address of the Service while pods are ready, as endpoints do. */
async function follow(): Promise<void> {
  while (!over) {
    ready = Number(fieldOf(NAMESPACE, "deployment/inference", ".status.readyReplicas") || 0);
    await service.look();
    upstream.pump();
    await sleep(300);
  }
}

beforeAll(async () => {
  if (!KEDA) return;
  upstream = await slowModelServer(() => ready * TARGET);
  service = await serviceOfPods(Number(new URL(upstream.baseUrl).port), () => ready > 0);
  gateway = await gatewayProcess(readFileSync(ROUTES, "utf8").replace("http://inference:8000/v1", service.baseUrl));
  await gateway.ready();
  target = scrapeGateway();
  await until("the demand in Prometheus", demand, (seen) => seen === "0");
  apply(namespaceOf(NAMESPACE), inferenceDeployment(NAMESPACE, `${READY_AFTER_S}s`, false));
  following = follow();
  apply(inferenceScaledObject(NAMESPACE, PROMETHEUS!, COOLDOWN_S));
  await until(
    "KEDA has taken it",
    () => condition("Ready"),
    (seen) => seen === "True",
  );
  load = crowd(gateway.url, "chat", () => people);
});
afterAll(async () => {
  if (!KEDA) return;
  await load.leave();
  over = true;
  await following;
  target.stop();
  await gateway.close();
  await service.close();
  await upstream.close();
  kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

async function demand(): Promise<string | undefined> {
  const answer = await fetch(`${PROMETHEUS}/api/v1/query?query=sum(cairn_gateway_demand{model="chat"})`);
  return ((await answer.json()) as { data: { result: { value: [number, string] }[] } }).data.result[0]?.value[1];
}

const within = test.skipIf(!KEDA);

within(`while nobody asks there is no model server${NO_KEDA}`, async () => {
  await toZero();
  expect(condition("Active")).toBe("False");
});

within(
  "the first question wakes one pod, waits for its weights in the gateway, and is answered by the model",
  async () => {
    const asked = performance.now();
    const answer = fetch(`${gateway.url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "chat", stream: true, messages: [{ role: "user", content: "Hello" }] }),
    });
    await until("one pod wanted", wanted, (seen) => seen === 1);
    const woke = performance.now() - asked;
    const response = await answer;
    const text = await response.text();
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    process.stderr.write(
      `test:cluster: woken after ${seconds(woke)} s, answered after ${seconds(performance.now() - asked)} s\n`,
    );
    expect([response.status, response.headers.get("x-cairn-upstream")]).toEqual([200, "inference"]);
    expect(text).toContain("[DONE]");
    expect(performance.now() - asked).toBeGreaterThan(READY_AFTER_S * 1000);
    // One question is one pod, however long it loaded.
    expect(wanted()).toBe(1);
  },
);

within("from one pod on the autoscaler that KEDA makes follows the same demand, from zero in between", async () => {
  await toZero();
  people = CROWD;
  const pods = Math.ceil(CROWD / TARGET);
  await until(`${pods} pods wanted`, wanted, (seen) => seen === pods);
  await until(
    `${pods} pods ready`,
    () => ready,
    (seen) => seen === pods,
  );
  await sleep(6000);
  expect(wanted()).toBe(pods);
});

within("when nobody asks any more, the last pod goes, and not before the cooldown is over", async () => {
  people = 0;
  await until(
    "all are answered",
    () => load.running,
    (seen) => seen === 0,
  );
  const left = performance.now();
  await toZero();
  expect(performance.now() - left).toBeGreaterThan((COOLDOWN_S - 2) * 1000);
  expect(load.failures).toEqual([]);
  expect(load.answered).toBeGreaterThan(CROWD);
});

within("while the metric is gone, what runs stays, and KEDA says that it falls back", async () => {
  people = 1;
  await until(
    "one pod ready",
    () => ready,
    (seen) => seen === 1,
  );
  target.stop();
  await until(
    "KEDA falls back",
    () => condition("Fallback"),
    (seen) => seen === "True",
  );
  await sleep(A_WHILE_MS);
  expect(wanted()).toBe(1);
  target = scrapeGateway();
  await until(
    "KEDA sees the demand again",
    () => condition("Fallback"),
    (seen) => seen === "False",
  );
  expect(wanted()).toBe(1);
  expect(load.failures).toEqual([]);
});
