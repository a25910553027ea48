import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { COMBINATIONS, OVERLAYS, ofKind, render, workloadsOf } from "../helpers/kustomize.ts";
import { CUSTOM_RESOURCES } from "./custom-resources.ts";
import { apply, CLUSTER, kubectl, NO_CLUSTER, tryKubectl, until } from "./kubectl.ts";

const K8S = join(import.meta.dirname, "../../k8s");
/** Together they hold every object; two that share a namespace come one after the other. */
const ALL = [...OVERLAYS, ...COMBINATIONS];

type Listed = { items: { metadata: Record<string, unknown>; status?: object }[] };

beforeAll(() => {
  if (!CLUSTER) return;
  for (const definition of CUSTOM_RESOURCES) if (!tryKubectl(["get", "crd", nameOf(definition)]).ok) apply(definition);
  kubectl([
    "wait",
    "--for=condition=Established",
    "--timeout=30s",
    ...CUSTOM_RESOURCES.map((each) => `crd/${nameOf(each)}`),
  ]);
});
const nameOf = (definition: object): string => (definition as { metadata: { name: string } }).metadata.name;

/** All that is ours of the objects: controllers write status, and count their writes. */
function contents(path: string): unknown[] {
  const { items } = JSON.parse(kubectl(["get", "-k", join(K8S, path), "-o", "json"])) as Listed;
  return items.map(({ status, metadata: { resourceVersion, ...metadata }, ...rest }) => ({ metadata, ...rest }));
}

describe.skipIf(!CLUSTER).each(ALL)(`%s${NO_CLUSTER}`, (path) => {
  test("is accepted as a whole, with nothing that the API server does not know", () => {
    const output = kubectl(["apply", "--server-side", "--validate=strict", "-k", join(K8S, path)]);
    expect(output.match(/serverside-applied$/gm)).toHaveLength(render(path).length);
  });

  test("applied again it changes nothing", () => {
    const before = contents(path);
    expect(before).toHaveLength(render(path).length);
    kubectl(["apply", "--server-side", "-k", join(K8S, path)]);
    expect(contents(path)).toEqual(before);
  });

  test("the rules of `restricted` let every pod through", async () => {
    const all = render(path);
    const namespace = ofKind(all, "Namespace")[0]!.metadata.name;
    const wanted = workloadsOf(all).map(({ metadata }) => metadata.name);
    await until(
      `pods of ${wanted.join(", ")} in ${namespace}`,
      () =>
        kubectl([
          "-n",
          namespace,
          "get",
          "pods",
          "-o",
          "jsonpath={.items[*].metadata.labels.app\\.kubernetes\\.io/name}",
        ]).split(" "),
      (seen) => wanted.every((name) => seen.includes(name)),
    );
    const refused = kubectl([
      "-n",
      namespace,
      "get",
      "events",
      "--field-selector=reason=FailedCreate",
      "-o",
      "jsonpath={.items[*].message}",
    ]);
    expect(refused).toBe("");
  });
});

test.skipIf(!CLUSTER).each([
  ["is privileged", { securityContext: { privileged: true } }, /privileged/],
  ["may become root", { securityContext: { runAsUser: 0 } }, /runAsNonRoot|runAsUser/],
  ["mounts the node's files", { volumeMounts: [{ name: "host", mountPath: "/host" }] }, /hostPath/],
])(`a pod that %s is refused in the namespace of an overlay${NO_CLUSTER}`, (_, container, why) => {
  const volumes = "volumeMounts" in container ? [{ name: "host", hostPath: { path: "/" } }] : [];
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "intruder", namespace: "cairn" },
    spec: { containers: [{ name: "a", image: "a:1", ...container }], volumes },
  };
  const { ok, output } = tryKubectl(["apply", "-f", "-"], JSON.stringify(pod));
  expect(ok).toBe(false);
  expect(output).toMatch(/violates PodSecurity "restricted/);
  expect(output).toMatch(why);
});

test.skipIf(!CLUSTER)(`Argo CD's application is accepted${NO_CLUSTER}`, () => {
  if (!tryKubectl(["get", "namespace", "argocd"]).ok) kubectl(["create", "namespace", "argocd"]);
  kubectl(["apply", "--server-side", "-k", join(K8S, "components/argo-cd")]);
});
