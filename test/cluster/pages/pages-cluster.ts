import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { stringify } from "yaml";

const ROOT = join(import.meta.dirname, "../../..");
const CLUSTER = join(ROOT, "../shared/cluster/cluster.sh");
const VOLUMES = 8;

/** Volumes for every claim: the control plane binds them, and pods with claims are placed. */
const volumes = Array.from({ length: VOLUMES }, (_, i) => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name: `desk-${i}` },
  spec: {
    capacity: { storage: "200Gi" },
    accessModes: ["ReadWriteOnce", "ReadWriteMany"],
    hostPath: { path: `/nowhere/${i}` },
    persistentVolumeReclaimPolicy: "Delete",
  },
}));

/** A control plane of its own, whose pods are played by the given stages. */
export function startPagesCluster(folder: string, stages: string, bin: string) {
  const env = { ...process.env, KWOK_STAGES: stages, PATH: `${bin}:${process.env.PATH}`, KUBECONFIG: undefined };
  execFileSync(CLUSTER, ["up", folder], { env, stdio: "pipe" });
  const kubeconfig = join(folder, "kubeconfig");
  const kubectl = join(folder, "bin/kubectl");
  execFileSync(kubectl, ["apply", "-f", "-"], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    input: volumes.map((each) => stringify(each)).join("---\n"),
  });
  return { kubeconfig, kubectl, stop: () => execFileSync(CLUSTER, ["down", folder], { stdio: "pipe" }) };
}
