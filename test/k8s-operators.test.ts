import { Application } from "@kubernetes-models/argo-cd/argoproj.io/v1alpha1/Application";
import { AnalysisTemplate } from "@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/AnalysisTemplate";
import { Rollout } from "@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/Rollout";
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import { expect, test } from "vitest";
import { COMBINATIONS, KUBECTL, type Manifest, OVERLAYS, render, SKIPPED } from "./helpers/kustomize.ts";

/** Validators made of the operators' own definitions. */
const check = <T>(Model: new (data: T) => { validate(): void }) => ({
  validate: (manifest: unknown): void => new Model(manifest as T).validate(),
});
const KINDS: Readonly<Record<string, { validate(manifest: unknown): void }>> = {
  Application: check(Application),
  AnalysisTemplate: check(AnalysisTemplate),
  Rollout: check(Rollout),
  HTTPRoute: check(HTTPRoute),
  ScaledObject: check(ScaledObject),
  PrometheusRule: check(PrometheusRule),
  ServiceMonitor: check(ServiceMonitor),
};
const all = (): Manifest[] => [...OVERLAYS, ...COMBINATIONS, "components/argo-cd"].flatMap((path) => render(path));

test.skipIf(!KUBECTL).each(Object.keys(KINDS))(
  `every %s has the shape that its operator defines${KUBECTL ? "" : ` (${SKIPPED})`}`,
  (kind) => {
    const mine = all().filter((manifest) => manifest.kind === kind);
    expect(mine.length).toBeGreaterThan(0);
    for (const manifest of mine) expect(() => KINDS[kind]!.validate(manifest), manifest.metadata.name).not.toThrow();
  },
  120_000,
);

test("a wrong shape is found out", () => {
  const metadata = { name: "x" };
  const wrong = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", metadata, spec: { triggers: [{ type: 1 }] } };
  expect(() => KINDS.ScaledObject!.validate(wrong)).toThrow();
});
