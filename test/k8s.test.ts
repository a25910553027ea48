import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DRAIN_MS } from "#shared/shutdown.ts";
import { COMBINATIONS, KUBECTL, OVERLAYS, ofKind, podsOf, render, SKIPPED, workloadsOf } from "./helpers/kustomize.ts";

/** Ours, and the file whose settings each has. */
const MAINS: Readonly<Record<string, string>> = {
  "retrieval-api": "services/retrieval-api/main.ts",
  gateway: "services/gateway/main.ts",
  "ingest-api": "ingest/api/main.ts",
  "ingest-worker": "ingest/worker/main.ts",
};
/** Made by the operator: the handbook's page on secrets names each with its keys. */
const SECRETS = /^cairn-(postgres|database|qdrant|gateway|model|blobs|sync|pepper|signing-keys|notifications)$/;
const LATEST_START_S = 60;
const ALL = [...OVERLAYS, ...COMBINATIONS];

describe.skipIf(!KUBECTL).each(ALL)(`%s${KUBECTL ? "" : ` (${SKIPPED})`}`, (path) => {
  const all = KUBECTL ? render(path) : [];
  const pods = podsOf(all);
  const running = workloadsOf(all);
  const containers = pods.flatMap((pod) => pod.spec.containers.map((container) => ({ pod, container })));

  test("its pods run without rights: no root, no capability, no token, nothing to write on but volumes", () => {
    expect(pods.length).toBeGreaterThan(3);
    for (const { name, spec } of pods) {
      expect(spec.securityContext, name).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(Number(spec.securityContext?.runAsUser), name).toBeGreaterThan(0);
      expect([spec.automountServiceAccountToken, spec.enableServiceLinks], name).toEqual([false, false]);
      expect(
        all.some(({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === spec.serviceAccountName),
      ).toBe(true);
      expect(
        all.some(({ kind, metadata }) => kind === "PriorityClass" && metadata.name === spec.priorityClassName),
      ).toBe(true);
    }
    for (const { pod, container } of containers) {
      expect(container.securityContext, pod.name).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  });

  test("every container says what it needs, and has a limit of memory", () => {
    for (const { pod, container } of containers) {
      expect(Object.keys(container.resources?.requests ?? {}), pod.name).toEqual(["cpu", "memory"]);
      expect(container.resources?.limits, pod.name).toHaveProperty("memory");
      // A limit of CPU slows down whoever is busy, also where cores are idle.
      expect(container.resources?.limits, pod.name).not.toHaveProperty("cpu");
    }
  });

  test("what runs for ever has three probes, of which liveness asks for no dependency", () => {
    for (const { metadata, spec } of running) {
      for (const { startupProbe, livenessProbe, readinessProbe } of spec.template.spec.containers) {
        expect(startupProbe && livenessProbe && readinessProbe, metadata.name).toBeTruthy();
        const patience = (startupProbe!.periodSeconds ?? 10) * (startupProbe!.failureThreshold ?? 3);
        expect(patience, metadata.name).toBeGreaterThanOrEqual(LATEST_START_S);
        if (!(metadata.name in MAINS)) continue;
        expect(livenessProbe!.httpGet).toEqual({ path: "/livez", port: "metrics" });
        expect(readinessProbe!.httpGet).toEqual({ path: "/readyz", port: "metrics" });
      }
    }
  });

  test("a pod gets the time that its drain needs, after everybody has heard that it leaves", () => {
    for (const { metadata, spec } of running.filter(({ metadata }) => metadata.name in MAINS)) {
      const { terminationGracePeriodSeconds: grace = 30, containers } = spec.template.spec;
      const sleep = containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
      // Only the worker has no clients to tell.
      if (metadata.name !== "ingest-worker") expect(sleep, metadata.name).toBeGreaterThanOrEqual(5);
      expect(grace, metadata.name).toBeGreaterThan(sleep + DRAIN_MS / 1000);
    }
  });

  test("an update never takes a pod away before its successor is ready", () => {
    for (const { metadata, spec } of running.filter(({ kind }) => kind === "Deployment")) {
      expect(spec.strategy?.rollingUpdate, metadata.name).toEqual({ maxUnavailable: 0, maxSurge: 1 });
      if (metadata.name !== "edge") expect(spec.minReadySeconds, metadata.name).toBeGreaterThan(0);
    }
  });

  test("a drained node takes one pod of each workload at most", () => {
    const budgets = ofKind(all, "PodDisruptionBudget");
    for (const { metadata, spec } of running.filter(({ metadata }) => metadata.name !== "edge")) {
      const mine = budgets.filter(({ spec: budget }) =>
        Object.entries((budget!.selector as typeof spec.selector).matchLabels).every(
          ([key, value]) => spec.template.metadata.labels[key] === value,
        ),
      );
      expect(
        mine.map((budget) => budget.spec!.maxUnavailable),
        metadata.name,
      ).toEqual([1]);
    }
  });

  test("labels say whose it is, and selectors hold nothing that may change", () => {
    for (const { kind, metadata } of all) {
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({ "app.kubernetes.io/part-of": "cairn" });
      if (/^(Namespace|PriorityClass)$/.test(kind)) continue;
      expect(metadata.namespace, `${kind} ${metadata.name}`).toBeDefined();
    }
    for (const { metadata, spec } of running) {
      expect(Object.keys(spec.selector.matchLabels)).toEqual(["app.kubernetes.io/name"]);
      expect(spec.template.metadata.labels, metadata.name).toMatchObject(spec.selector.matchLabels);
    }
    for (const { name, labels } of pods) {
      expect(labels, name).toMatchObject({ "app.kubernetes.io/part-of": "cairn" });
    }
  });

  test.skipIf(path.endsWith("/local"))("images are named by digest", () => {
    for (const { pod, container } of containers) expect(container.image, pod.name).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  test("services lead to a named port of pods that exist", () => {
    for (const { metadata, spec } of ofKind(all, "Service")) {
      const { selector, ports } = spec as {
        selector: Record<string, string>;
        ports: { name: string; targetPort: string; port: number }[];
      };
      const pod = running.find(({ spec: { template } }) =>
        Object.entries(selector).every(([key, value]) => template.metadata.labels[key] === value),
      );
      const open = pod?.spec.template.spec.containers.flatMap(({ ports }) => ports ?? []) ?? [];
      for (const { name, targetPort, port } of ports) {
        expect(name, metadata.name).toMatch(/^(http|metrics|postgres)$/);
        expect(open.find((each) => each.name === targetPort)?.containerPort, `${metadata.name}:${name}`).toBe(port);
      }
    }
  });

  test("ports and settings are those of the code", () => {
    for (const { pod, container } of containers.filter(({ pod }) => pod.name in MAINS)) {
      const code = readFileSync(MAINS[pod.name]!, "utf8");
      for (const { name, containerPort } of container.ports ?? []) {
        expect(code, `${pod.name}:${name}`).toMatch(new RegExp(`PORT: int\\(1, 65535, ${containerPort}\\)`));
      }
      const given = [...(container.env ?? []).map(({ name }) => name), ...configured(all, container)];
      expect(
        given.filter((name) => !settingsOf(code).has(name)),
        pod.name,
      ).toEqual([]);
    }
  });

  test("every config map, claim and secret that a pod names is there, or is one that the operator makes", () => {
    const has = (kind: string, name: string): boolean =>
      all.some((each) => each.kind === kind && each.metadata.name === name);
    for (const { name, spec } of pods) {
      for (const { configMap, persistentVolumeClaim } of spec.volumes ?? []) {
        if (configMap) expect(has("ConfigMap", configMap.name), `${name} ${configMap.name}`).toBe(true);
        if (persistentVolumeClaim)
          expect(has("PersistentVolumeClaim", persistentVolumeClaim.claimName), name).toBe(true);
      }
      for (const { env = [], envFrom = [] } of spec.containers) {
        for (const { configMapRef } of envFrom)
          if (configMapRef) expect(has("ConfigMap", configMapRef.name), name).toBe(true);
        const secrets = [
          ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef),
          ...envFrom.map(({ secretRef }) => secretRef),
        ];
        for (const secret of secrets) {
          if (secret)
            expect(has("Secret", secret.name) || SECRETS.test(secret.name), `${name} ${secret.name}`).toBe(true);
        }
      }
    }
  });

  test("no secret is in it, unless it is the cluster on a desk", () => {
    expect(ofKind(all, "Secret").length > 0).toBe(path.endsWith("/local"));
  });
});

/** Names of what comes from config maps. */
function configured(
  all: ReturnType<typeof render>,
  { envFrom = [] }: ReturnType<typeof podsOf>[0]["spec"]["containers"][0],
): string[] {
  const maps = envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? []);
  return maps.flatMap((name) =>
    Object.keys(all.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name)?.data ?? {}),
  );
}

/** What a process reads, in its main file or in what all of them share; and what a route file may name. */
function settingsOf(main: string): Set<string> {
  const shared = globSync("services/shared/*.ts").map((file) => readFileSync(file, "utf8"));
  const names = [main, ...shared].flatMap(
    (code) => code.match(/\b(CAIRN_[A-Z_]+|DATABASE_[A-Z_]+|QDRANT_[A-Z_]+|OTEL_[A-Z_]+|OPENLINEAGE_[A-Z_]+)\b/g) ?? [],
  );
  return new Set([...names, "MODEL_API_KEY"]);
}
