/** Kinds of operators that a bare control plane does not have: [group, version, kind, plural]. */
const KINDS: readonly [group: string, version: string, kind: string, plural: string][] = [
  ["monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"],
  ["monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"],
  ["gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"],
  ["keda.sh", "v1alpha1", "ScaledObject", "scaledobjects"],
  ["argoproj.io", "v1alpha1", "Rollout", "rollouts"],
  ["argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates"],
  ["argoproj.io", "v1alpha1", "Application", "applications"],
];

/**
 * Definitions that let any specification through, so that whole overlays can be applied; what is inside is checked by
 * the operators' own schemas in test/k8s-operators.test.ts.
 */
export const CUSTOM_RESOURCES: readonly object[] = KINDS.map(([group, version, kind, plural]) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: `${plural}.${group}`,
    annotations: { "api-approved.kubernetes.io": "unapproved, for tests" },
  },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind, plural, singular: kind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
      },
    ],
  },
}));
