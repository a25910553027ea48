import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { COMBINATIONS, KUBECTL, OVERLAYS, render, SKIPPED } from "./helpers/kustomize.ts";

/** What the handbook promises; `PodLifecycleSleepAction` and image volumes decide the first one. */
const VERSIONS = ["1.33.0", "1.34.0", "1.35.0", "1.36.0", "1.37.0"];
/** Each line of stdin is a manifest; prints what is wrong with it in the given version, unknown fields included. */
const CHECK = `
import json, sys
from kubernetes_validate import utils
for line in sys.stdin:
    manifest = json.loads(line)
    try:
        utils.validate(manifest, sys.argv[1], strict=True)
    except utils.SchemaNotFoundError:
        print("unknown", manifest["kind"], file=sys.stderr)
    except utils.ValidationError as error:
        print(manifest["kind"], manifest["metadata"]["name"], ".".join(map(str, error.path)), error.message[:300])
`;
const PYTHON = spawnSync("python3", ["-c", "import kubernetes_validate"]).status === 0;
const WHY = !KUBECTL ? ` (${SKIPPED})` : PYTHON ? "" : " (skipped: needs pip install kubernetes-validate)";

test.skipIf(!KUBECTL || !PYTHON).each(VERSIONS)(
  `every object is one that Kubernetes %s knows, without a field too many${WHY}`,
  (version) => {
    // The same object in another namespace is the same to a schema.
    const distinct = new Set(
      [...OVERLAYS, ...COMBINATIONS].flatMap((path) =>
        render(path).map((each) =>
          JSON.stringify({ ...each, metadata: { ...each.metadata, namespace: each.metadata.namespace && "n" } }),
        ),
      ),
    );
    const input = [...distinct].join("\n");
    const { stdout, stderr, status } = spawnSync("python3", ["-c", CHECK, version], { input, encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
    const foreign = new Set(stderr.match(/^unknown \w+$/gm)?.map((line) => line.slice("unknown ".length)));
    // Of operators: the control plane of `npm run test:cluster` takes them.
    for (const kind of foreign)
      expect(kind).toMatch(/^(ServiceMonitor|PrometheusRule|ScaledObject|HTTPRoute|Rollout|AnalysisTemplate)$/);
  },
  120_000,
);
