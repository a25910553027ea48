import { stringify } from "yaml";
import { cellsOf } from "./cells.ts";
import type { Sweep } from "./sweep-file.ts";

const CELLS_AT_ONCE = 4;
/** Where the images have the project. */
const PROJECT = "/app";
const SHARED = `${PROJECT}/evals/out`;
const FILE = "/sweep/sweep.yaml";

/**
 * The same sweep as an Argo Workflow: a pod for each cell, then one that ranks what they left on the shared volume.
 * `file` is the sweep's own text, which goes along as a ConfigMap; the image needs the whole project at `PROJECT`.
 */
export function sweepWorkflow(sweep: Sweep, file: string): string {
  const name = `sweep-${sweep.name}`;
  const pod = (template: string, args: readonly string[], inputs: object) => ({
    name: template,
    ...inputs,
    container: {
      image: "{{workflow.parameters.image}}",
      workingDir: PROJECT,
      command: ["node"],
      args: ["evals/main.ts", "sweep", FILE, ...args],
      volumeMounts: [
        { name: "results", mountPath: SHARED },
        { name: "sweep", mountPath: "/sweep", readOnly: true },
      ],
      resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { memory: "2Gi" } },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    },
  });
  const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { "sweep.yaml": file } };
  const workflow = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: { generateName: `${name}-` },
    spec: {
      entrypoint: "sweep",
      parallelism: CELLS_AT_ONCE,
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        fsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      arguments: { parameters: [{ name: "image" }] },
      volumes: [{ name: "sweep", configMap: { name } }],
      volumeClaimTemplates: [
        {
          metadata: { name: "results" },
          spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "5Gi" } } },
        },
      ],
      templates: [
        {
          name: "sweep",
          steps: [
            [
              {
                name: "cell",
                template: "cell",
                arguments: { parameters: [{ name: "cell", value: "{{item}}" }] },
                withSequence: { count: String(cellsOf(sweep).length) },
              },
            ],
            [{ name: "leaderboard", template: "leaderboard" }],
          ],
        },
        {
          ...pod("cell", ["--cell", "{{inputs.parameters.cell}}"], { inputs: { parameters: [{ name: "cell" }] } }),
          retryStrategy: { limit: "2" },
        },
        pod("leaderboard", [], {}),
      ],
    },
  };
  return `${stringify(configMap)}---\n${stringify(workflow)}`;
}
