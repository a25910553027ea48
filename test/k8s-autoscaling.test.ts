import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseRouteFile } from "../services/gateway/route-file/parse-route-file.ts";
import {
  COMBINATIONS,
  KUBECTL,
  type Manifest,
  OVERLAYS,
  ofKind,
  render,
  SKIPPED,
  workloadsOf,
} from "./helpers/kustomize.ts";

type Metric = {
  external?: { metric: { name: string; selector?: object }; target: { type: string; averageValue?: string } };
};
type Policy = { type: string; value: number; periodSeconds: number };
type Behavior = Record<"scaleUp" | "scaleDown", { stabilizationWindowSeconds: number; policies: Policy[] }>;
type Hpa = Manifest & {
  spec: {
    scaleTargetRef: { name: string };
    minReplicas: number;
    maxReplicas: number;
    metrics: Metric[];
    behavior: Behavior;
  };
};
type Trigger = { type: string; metadata: { query?: string; threshold?: string; ignoreNullValues?: string } };
type ScaledObject = Manifest & {
  spec: {
    scaleTargetRef: { name: string };
    maxReplicaCount: number;
    cooldownPeriod?: number;
    fallback: object;
    advanced: { horizontalPodAutoscalerConfig: { behavior: Behavior } };
    triggers: Trigger[];
  };
};
type AdapterRule = { seriesQuery: string; metricsQuery: string };

const RULES = (
  parse(
    readFileSync(join(import.meta.dirname, "../k8s/components/autoscaling-hpa/prometheus-adapter.yaml"), "utf8"),
  ) as {
    externalRules: AdapterRule[];
  }
).externalRules;
/** Metrics that the adapter gives, by the pattern of its rules. */
const given = (name: string): AdapterRule[] =>
  RULES.filter(({ seriesQuery }) => new RegExp(/__name__=~"([^"]+)"/.exec(seriesQuery)![1]!).test(name));

const ALL = [...OVERLAYS, ...COMBINATIONS];
const routesOf = (all: readonly Manifest[]): string =>
  ofKind(all, "ConfigMap").find(({ metadata }) => metadata.name.startsWith("gateway-routes"))!.data!["routes.yaml"]!;

describe.skipIf(!KUBECTL).each(ALL)(`%s${KUBECTL ? "" : ` (${SKIPPED})`}`, (path) => {
  const all = KUBECTL ? render(path) : [];
  const hpas = ofKind(all, "HorizontalPodAutoscaler") as Hpa[];
  const scaled = ofKind(all, "ScaledObject") as ScaledObject[];
  const behaviors = [
    ...hpas.map(({ metadata, spec }) => [metadata.name, spec.behavior] as const),
    ...scaled.map(
      ({ metadata, spec }) => [metadata.name, spec.advanced.horizontalPodAutoscalerConfig.behavior] as const,
    ),
  ];

  test("nothing has two masters: one autoscaler a workload, and no number of pods beside it", () => {
    const targets = [...hpas, ...scaled, ...ofKind(all, "Rollout")].map(
      ({ spec }) =>
        ((spec as Hpa["spec"]).scaleTargetRef ?? (spec as { workloadRef: { name: string } }).workloadRef).name,
    );
    expect(new Set(targets).size).toBe(targets.length);
    for (const name of targets) {
      const target = workloadsOf(all).find(({ metadata }) => metadata.name === name);
      expect(target, name).toBeDefined();
      expect(target!.spec.replicas, name).toBeUndefined();
    }
    expect(hpas.length > 0 && scaled.length > 0, "KEDA takes the adapter's place").toBe(false);
  });

  test.skipIf(!path.startsWith("overlays/"))("what has no autoscaler has a number of pods", () => {
    const targets = [...hpas, ...scaled].map(({ spec }) => spec.scaleTargetRef.name);
    for (const { metadata, spec } of workloadsOf(all).filter(({ metadata }) => metadata.name !== "edge")) {
      expect(spec.replicas === undefined, metadata.name).toBe(targets.includes(metadata.name));
    }
  });

  test("metrics of autoscalers are lower-case, and a rule of the adapter makes one number of each", () => {
    for (const { spec } of hpas) {
      for (const { external } of spec.metrics) {
        if (!external) continue;
        expect(external.metric.name).toMatch(/^[a-z0-9_]+$/);
        const rules = given(external.metric.name);
        expect(rules, external.metric.name).toHaveLength(1);
        expect(rules[0]!.metricsQuery).toMatch(/^(sum|max)\(<<\.Series>>\{<<\.LabelMatchers>>\}\)$/);
      }
    }
  });

  test("KEDA's queries make one number, of one namespace, and no series is an error", () => {
    const namespace = all.find(({ kind }) => kind === "Namespace")?.metadata.name;
    for (const { metadata, spec } of scaled) {
      for (const { metadata: trigger } of spec.triggers.filter(({ type }) => type === "prometheus")) {
        expect(trigger.query, metadata.name).toMatch(
          new RegExp(`^(sum|max)\\(cairn_[a-z_]+\\{namespace="${namespace}"`),
        );
        expect(trigger.ignoreNullValues, metadata.name).toBe("false");
      }
      expect(spec.fallback, metadata.name).toMatchObject({ behavior: "currentReplicasIfHigher" });
    }
  });

  test("a pod that loads for the request that woke it is not scaled away", () => {
    for (const { metadata, spec } of scaled.filter(({ spec }) => spec.cooldownPeriod !== undefined)) {
      const target = workloadsOf(all).find(({ metadata: { name } }) => name === spec.scaleTargetRef.name)!;
      const probe = target.spec.template.spec.containers[0]!.startupProbe!;
      expect(spec.cooldownPeriod!, metadata.name).toBeGreaterThan(probe.periodSeconds! * probe.failureThreshold!);
    }
  });

  test("up is quick and bounded, down is one pod at a time after five minutes", () => {
    for (const [name, { scaleUp, scaleDown }] of behaviors) {
      expect(scaleUp.stabilizationWindowSeconds, name).toBeLessThanOrEqual(30);
      for (const { type, value } of scaleUp.policies)
        expect(value, name).toBeLessThanOrEqual(type === "Percent" ? 100 : 4);
      expect(scaleDown.stabilizationWindowSeconds, name).toBeGreaterThanOrEqual(300);
      for (const policy of scaleDown.policies) {
        expect(policy, name).toMatchObject({ type: "Pods", value: 1 });
        expect(policy.periodSeconds, name).toBeGreaterThanOrEqual(60);
      }
    }
  });

  test("the route file is one that the gateway takes, and its servers are in the cluster", () => {
    const { upstreams, models } = parseRouteFile(routesOf(all), { MODEL_API_KEY: "k" }).table;
    expect(models.has("chat")).toBe(true);
    for (const upstream of upstreams.values()) {
      if (upstream.kind !== "openai") continue;
      const { hostname, port, protocol } = new URL(upstream.baseUrl);
      if (protocol === "https:") continue;
      const ports = ofKind(all, "Service").flatMap(({ metadata, spec }) =>
        metadata.name === hostname ? (spec as { ports: { port: number }[] }).ports : [],
      );
      expect(
        ports.map((each) => String(each.port)),
        hostname,
      ).toContain(port);
    }
  });

  test("demand can grow past what calls for the last pod: no cap below the target", () => {
    const wanted = [
      ...hpas
        .filter(({ metadata }) => metadata.name === "inference")
        .map(({ spec }) => {
          return spec.maxReplicas * Number(spec.metrics[0]!.external!.target.averageValue);
        }),
      ...scaled
        .filter(({ metadata }) => metadata.name === "inference")
        .map(({ spec }) => {
          return spec.maxReplicaCount * Number(spec.triggers[0]!.metadata.threshold);
        }),
    ];
    const { upstreams, models } = parseRouteFile(routesOf(all), { MODEL_API_KEY: "k" }).table;
    const chat = models.get("chat")!;
    const first = chat.tiers[0]!.flatMap(({ upstreams: names }) =>
      names.map((name) => upstreams.get(name)!.maxConcurrent),
    );
    // Of one gateway alone: with more of them the cap only rises.
    for (const most of wanted) expect(first.reduce((a, b) => a + b, 0) + chat.queue.maxRequests).toBeGreaterThan(most);
  });

  test("no autoscaler looks at the GPU: it is busy with one request, and its memory is taken beforehand", () => {
    expect(JSON.stringify([...hpas, ...scaled])).not.toMatch(/DCGM|gpu|vllm/i);
  });
});
