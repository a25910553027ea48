import { afterAll, beforeAll, expect, test } from "vitest";
import { render, type Workload } from "../helpers/kustomize.ts";
import { apply, CLUSTER, fieldOf, kubectl, NO_CLUSTER, namespaceOf, tryKubectl, until } from "./kubectl.ts";

const NAMESPACE = "test-drain";
const REPLICAS = 3;
const SELECTOR = "app.kubernetes.io/name=gateway";

const nodes = (): string[] =>
  kubectl(["-n", NAMESPACE, "get", "pods", "-l", SELECTOR, "-o", "jsonpath={.items[*].spec.nodeName}"])
    .split(" ")
    .filter(Boolean);
const available = (): number => Number(fieldOf(NAMESPACE, "deployment/gateway", ".status.availableReplicas") || 0);
const drain = (node: string, timeout: string) =>
  tryKubectl([
    "drain",
    node,
    "--ignore-daemonsets",
    "--delete-emptydir-data",
    "--force",
    `--pod-selector=${SELECTOR}`,
    `--timeout=${timeout}`,
  ]);

/** The gateway of the production overlay with its budget; a new pod takes some seconds until it is ready. */
beforeAll(async () => {
  if (!CLUSTER) return;
  const all = render("overlays/production");
  const [deployment, budget] = ["Deployment", "PodDisruptionBudget"].map((kind) =>
    structuredClone(all.find((each) => each.kind === kind && each.metadata.name === "gateway")!),
  ) as [Workload, Workload];
  const { serviceAccountName, priorityClassName, ...pod } = deployment.spec.template.spec;
  const annotations = { "pod-ready.stage.kwok.x-k8s.io/delay": "20s" };
  const template = { metadata: { ...deployment.spec.template.metadata, annotations }, spec: pod };
  apply(
    namespaceOf(NAMESPACE),
    {
      ...deployment,
      metadata: { name: "gateway", namespace: NAMESPACE },
      spec: { ...deployment.spec, replicas: REPLICAS, template },
    },
    { ...budget, metadata: { name: "gateway", namespace: NAMESPACE } },
  );
  await until("all are available", available, (seen) => seen === REPLICAS, 120_000);
});
afterAll(() => {
  if (!CLUSTER) return;
  for (const node of new Set(cordoned)) tryKubectl(["uncordon", node]);
  kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
});
const cordoned: string[] = [];

test.skipIf(!CLUSTER)(`replicas are spread, so that a node takes one of them${NO_CLUSTER}`, () => {
  expect(new Set(nodes()).size).toBe(REPLICAS);
});

test.skipIf(!CLUSTER)(
  `a drain takes one pod, and the next node has to wait until its successor is ready${NO_CLUSTER}`,
  async () => {
    const [first, second] = nodes() as [string, string, string];
    cordoned.push(first, second);
    expect(drain(first, "60s")).toMatchObject({ ok: true });
    expect(available()).toBeGreaterThanOrEqual(REPLICAS - 1);
    const refused = drain(second, "2s");
    expect(refused.output).toMatch(/would violate the pod's disruption budget/);
    expect(refused.ok).toBe(false);
    expect(available()).toBeGreaterThanOrEqual(REPLICAS - 1);
    await until("the successor is available", available, (seen) => seen === REPLICAS);
    expect(drain(second, "60s")).toMatchObject({ ok: true });
    expect(available()).toBeGreaterThanOrEqual(REPLICAS - 1);
    await until("all are available again", available, (seen) => seen === REPLICAS);
    expect(nodes().filter((node) => node === first || node === second)).toEqual([]);
  },
);
