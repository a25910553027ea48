import { type Manifest, render, type Workload } from "../helpers/kustomize.ts";
import { inScaledTime, scaled } from "./scaled-time.ts";

const named = (kind: string, path = "overlays/production"): Manifest =>
  render(path).find((each) => each.kind === kind && each.metadata.name === "inference")!;

/**
 * The model servers of the production overlay. The volume with the weights is left out, as nobody provides volumes
 * here; `readyAfter` stands for their loading.
 */
export function inferenceDeployment(namespace: string, readyAfter: string, gpus: boolean): object {
  const { metadata, spec } = structuredClone(named("Deployment")) as Workload;
  const pod = structuredClone(spec.template.spec) as unknown as Record<string, unknown> & {
    volumes: { name: string }[];
    containers: { volumeMounts: { name: string }[]; resources: { limits: Record<string, string> } }[];
  };
  pod.volumes = pod.volumes.filter(({ name }) => name !== "weights");
  for (const container of pod.containers) {
    container.volumeMounts = container.volumeMounts.filter(({ name }) => name !== "weights");
    if (!gpus) delete container.resources.limits["nvidia.com/gpu"];
  }
  if (!gpus) {
    delete pod.nodeSelector;
    delete pod.tolerations;
  }
  delete pod.serviceAccountName;
  delete pod.priorityClassName;
  const annotations = { "pod-ready.stage.kwok.x-k8s.io/delay": readyAfter };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: metadata.name, namespace },
    spec: { ...spec, template: { metadata: { ...spec.template.metadata, annotations }, spec: pod } },
  };
}

/** The autoscaler of the production overlay: the same numbers, in the time of these tests. */
export function inferenceAutoscaler(namespace: string, more: object = {}): object {
  const { apiVersion, kind, metadata, spec } = named("HorizontalPodAutoscaler");
  const behavior = inScaledTime(spec!.behavior as Parameters<typeof inScaledTime>[0]);
  return { apiVersion, kind, metadata: { name: metadata.name, namespace }, spec: { ...spec, behavior, ...more } };
}

type ScaledSpec = {
  pollingInterval: number;
  advanced: { horizontalPodAutoscalerConfig: { behavior: Parameters<typeof inScaledTime>[0] } };
  triggers: { metadata: { query: string } }[];
};

/**
 * What KEDA gets from `components/autoscaling-keda`: the same numbers, in the time of these tests. `cooldownSeconds`
 * takes the place of the half hour that a model server may take to load.
 */
export function inferenceScaledObject(namespace: string, prometheus: string, cooldownSeconds: number): object {
  const { apiVersion, kind, metadata, spec } = structuredClone(named("ScaledObject", "combinations/scale-to-zero"));
  const { pollingInterval, advanced, triggers, ...rest } = spec as ScaledSpec;
  const behavior = inScaledTime(advanced.horizontalPodAutoscalerConfig.behavior);
  return {
    apiVersion,
    kind,
    metadata: { name: metadata.name, namespace },
    spec: {
      ...rest,
      pollingInterval: scaled(pollingInterval),
      cooldownPeriod: cooldownSeconds,
      initialCooldownPeriod: cooldownSeconds,
      advanced: { horizontalPodAutoscalerConfig: { behavior } },
      triggers: triggers.map((trigger) => ({
        ...trigger,
        metadata: {
          ...trigger.metadata,
          serverAddress: prometheus,
          query: trigger.metadata.query.replace(/namespace="[^"]+"/, `namespace="${namespace}"`),
        },
      })),
    },
  };
}
