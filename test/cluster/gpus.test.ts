import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inferenceAutoscaler, inferenceDeployment } from "./inference-objects.ts";
import { apply, fieldOf, kubectl, namespaceOf, until } from "./kubectl.ts";
import { externalMetric, firing, metricServer, NO_PROMETHEUS, PROMETHEUS, scrape } from "./metric-target.ts";

const NAMESPACE = "test-gpus";
const TARGET = 16;
const MORE_THAN_THERE_ARE = 10;
const A_WHILE_MS = 15_000;

let gpus = 0;
let server: Awaited<ReturnType<typeof metricServer>>;
let target: { stop(): void };
let phases: string[] = [];
let demand = TARGET;

const phasesNow = (): string[] =>
  kubectl(["-n", NAMESPACE, "get", "pods", "-o", "jsonpath={.items[*].status.phase}"]).split(" ").filter(Boolean);
/** GPUs that other tests hold meanwhile, by pods with a node. */
function takenElsewhere(): number {
  const line = `{.metadata.namespace} {.spec.nodeName} {.spec.containers[*].resources.limits.nvidia\\.com/gpu}{"\\n"}`;
  const pods = kubectl(["get", "pods", "-A", "-o", `jsonpath={range .items[*]}${line}{end}`]).split("\n");
  return pods.filter((pod) => /^\S+ gpu-\S+ \d/.test(pod) && !pod.startsWith(`${NAMESPACE} `)).length;
}
const count = (phase: string): number => phases.filter((each) => each === phase).length;

beforeAll(async () => {
  if (!PROMETHEUS) return;
  const allocatable = kubectl(["get", "nodes", "-o", "jsonpath={.items[*].status.allocatable.nvidia\\.com/gpu}"]);
  gpus = allocatable.split(" ").reduce((sum, each) => sum + Number(each), 0);
  // The gateway's demand, and what kube-state-metrics would say of the pods.
  server = await metricServer(() =>
    [
      `cairn_gateway_demand{model="chat"} ${demand}`,
      `cairn_gateway_queued{model="chat"} ${Math.max(0, demand - count("Running") * TARGET)}`,
      `kube_pod_status_phase{phase="Pending",pod="inference-any"} ${count("Pending")}`,
      `kube_horizontalpodautoscaler_status_current_replicas{horizontalpodautoscaler="inference"} ${phases.length}`,
      `kube_horizontalpodautoscaler_spec_max_replicas{horizontalpodautoscaler="inference"} ${MORE_THAN_THERE_ARE}`,
    ].join("\n"),
  );
  target = scrape("gpus", server.address, { namespace: NAMESPACE });
  apply(namespaceOf(NAMESPACE), inferenceDeployment(NAMESPACE, "2s", true));
  await until(
    "the demand",
    () => {
      try {
        return externalMetric(kubectl, NAMESPACE, "cairn_gateway_demand");
      } catch {
        return [];
      }
    },
    (seen) => seen[0] === demand,
  );
  apply(inferenceAutoscaler(NAMESPACE, { maxReplicas: MORE_THAN_THERE_ARE }));
});
afterAll(async () => {
  if (!PROMETHEUS) return;
  target.stop();
  await server.close();
  kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});

const within = test.skipIf(!PROMETHEUS);

within(`when all GPUs are taken, model servers wait as Pending, and an alert says so${NO_PROMETHEUS}`, async () => {
  expect(gpus).toBeLessThan(MORE_THAN_THERE_ARE);
  demand = MORE_THAN_THERE_ARE * TARGET;
  await until(
    `a pod runs for each of ${gpus} GPUs and the others wait`,
    () => {
      phases = phasesNow();
      return [count("Running") + takenElsewhere(), phases.length];
    },
    ([taken, pods]) => taken === gpus && pods === MORE_THAN_THERE_ARE,
    120_000,
  );
  const why = kubectl([
    "-n",
    NAMESPACE,
    "get",
    "pods",
    "--field-selector=status.phase=Pending",
    "-o",
    "jsonpath={.items[0].status.conditions[0].message}",
  ]);
  expect(why).toContain("Insufficient nvidia.com/gpu");
  await until(
    "both alerts",
    () => firing(NAMESPACE),
    (seen) => ["CairnModelPodsPending", "CairnDemandAtMaxReplicas"].every((name) => seen.includes(name)),
    150_000,
  );
});

within("pods that wait call for no others: the demand is what people ask, not what is missing", async () => {
  demand = (MORE_THAN_THERE_ARE - 1) * TARGET;
  await sleep(A_WHILE_MS);
  expect(Number(fieldOf(NAMESPACE, "hpa/inference", ".status.desiredReplicas"))).toBeLessThanOrEqual(
    MORE_THAN_THERE_ARE,
  );
  expect(phasesNow().length).toBeLessThanOrEqual(MORE_THAN_THERE_ARE);
});

within("no pod of ours that needs no GPU is put on a node that has some", () => {
  const elsewhere = kubectl([
    "get",
    "pods",
    "-A",
    "-l",
    "app.kubernetes.io/part-of=cairn,app.kubernetes.io/name notin (inference,inference-canary)",
    "-o",
    "jsonpath={.items[*].spec.nodeName}",
  ]);
  expect(elsewhere.split(" ").filter((node) => node.startsWith("gpu-"))).toEqual([]);
});
