import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inferenceAutoscaler, inferenceDeployment } from "./inference-objects.ts";
import { apply, fieldOf, kubectl, namespaceOf, until } from "./kubectl.ts";
import { externalMetric, firing, metricServer, NO_PROMETHEUS, PROMETHEUS, scrape } from "./metric-target.ts";

const NAMESPACE = "test-failures";
const SYNC_MS = 2000;
/** Long enough for several looks of the autoscaler. */
const A_WHILE_MS = 6 * SYNC_MS;

/**
 * How pods go one at a time, after a long window, has a test of its own; here it would only be waited for. The window
 * is longer than a scrape may be late, and then one gateway alone is known.
 */
const AT_ONCE = {
  behavior: {
    scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 8, periodSeconds: 2 }] },
    scaleDown: { stabilizationWindowSeconds: 10, policies: [{ type: "Pods", value: 8, periodSeconds: 2 }] },
  },
};

/** What two gateways say of themselves. */
let demand: [number, number] = [10, 10];
let gateways: Awaited<ReturnType<typeof metricServer>>[];
let targets: { stop(): void }[];

const replicas = (): number => Number(fieldOf(NAMESPACE, "deployment/inference", ".spec.replicas"));
const active = (): string =>
  fieldOf(
    NAMESPACE,
    "hpa/inference",
    '.status.conditions[?(@.type=="ScalingActive")].status},{.status.conditions[?(@.type=="ScalingActive")].reason',
  );
const target = (at: number, pod = `gateway-${at}`, name = pod): { stop(): void } =>
  scrape(name, gateways[at]!.address, { namespace: NAMESPACE, pod, job: name });

beforeAll(async () => {
  if (!PROMETHEUS) return;
  gateways = await Promise.all(
    [0, 1].map((at) => metricServer(() => `cairn_gateway_demand{model="chat"} ${demand[at]}`)),
  );
  targets = [target(0), target(1)];
  apply(namespaceOf(NAMESPACE), inferenceDeployment(NAMESPACE, "0s", false));
  await until(
    "the demand of both",
    () => tryMetric(),
    (seen) => seen[0] === 20,
  );
  apply(inferenceAutoscaler(NAMESPACE, AT_ONCE));
});
afterAll(async () => {
  if (!PROMETHEUS) return;
  for (const each of targets) each.stop();
  await Promise.all(gateways.map((each) => each.close()));
  kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});
/** Every test begins with 60 requests at two gateways, and the four pods that they call for. */
beforeEach(async () => {
  if (!PROMETHEUS) return;
  demand = [30, 30];
  await until("four pods wanted", replicas, (seen) => seen === 4);
});
function tryMetric(): number[] {
  try {
    return externalMetric(kubectl, NAMESPACE, "cairn_gateway_demand");
  } catch {
    return [];
  }
}

const within = test.skipIf(!PROMETHEUS);

within(`two gateways are one number, the sum of both: never "multiple elements"${NO_PROMETHEUS}`, async () => {
  // On a busy machine a scrape may come late, and then only one of them is known.
  const seen = await until("the demand of both", tryMetric, ([sum]) => sum === 60);
  expect(seen).toHaveLength(1);
});

within(
  "a metric that is gone changes nothing and is told: the pods stay, and the autoscaler says that it is inactive",
  async () => {
    for (const each of targets) each.stop();
    await until("an inactive autoscaler", active, (seen) => seen === "False,FailedGetExternalMetric");
    await sleep(A_WHILE_MS);
    expect(replicas()).toBe(4);
    targets = [target(0), target(1)];
    await until("an active autoscaler", active, (seen) => seen.startsWith("True"));
    // One of the two may come back a moment before the other.
    await until("four pods wanted", replicas, (seen) => seen === 4);
  },
);

within("a gateway that has left no longer counts, so that the pods it called for go", async () => {
  targets[1]!.stop();
  await until("the demand of one", tryMetric, (seen) => seen[0] === 30);
  await until("two pods wanted", replicas, (seen) => seen === 2);
  targets[1] = target(1);
});

within("a gateway that is scraped twice counts twice, and an alert says so", async () => {
  const twice = target(0, "gateway-0", "gateway-0-again");
  await until(
    "the alert",
    () => firing(NAMESPACE),
    (seen) => seen.includes("CairnDemandCountedTwice"),
    120_000,
  );
  twice.stop();
  await until(
    "no alert",
    () => firing(NAMESPACE),
    (seen) => !seen.includes("CairnDemandCountedTwice"),
  );
});

within(
  "an autoscaler with a label that matches nothing holds still and says why, instead of falling back in silence",
  async () => {
    const metrics = [
      {
        type: "External",
        external: {
          metric: { name: "cairn_gateway_demand", selector: { matchLabels: { model: "gone" } } },
          target: { type: "AverageValue", averageValue: "16" },
        },
      },
    ];
    apply(inferenceAutoscaler(NAMESPACE, { ...AT_ONCE, metrics }));
    await until("an inactive autoscaler", active, (seen) => seen === "False,FailedGetExternalMetric");
    const before = replicas();
    await sleep(A_WHILE_MS);
    expect(replicas()).toBe(before);
    apply(inferenceAutoscaler(NAMESPACE, AT_ONCE));
    await until("an active autoscaler", active, (seen) => seen.startsWith("True"));
  },
);
