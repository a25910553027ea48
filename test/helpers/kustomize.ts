import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

const ROOT = join(import.meta.dirname, "../..");
const PATIENCE_MS = 20_000;
const ASSETS = join(ROOT, "../shared/cluster/kube-assets.xz");

export type Container = {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string } } }[];
  readonly envFrom?: readonly { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { preStop?: { sleep?: { seconds: number }; exec?: object } };
  readonly resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  readonly securityContext?: Record<string, unknown>;
};
export type Probe = {
  readonly httpGet?: { path: string; port: string };
  readonly exec?: object;
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
};
export type PodSpec = {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly priorityClassName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly topologySpreadConstraints?: readonly object[];
  readonly securityContext?: Record<string, unknown>;
  readonly containers: readonly Container[];
  readonly volumes?: readonly { configMap?: { name: string }; persistentVolumeClaim?: { claimName: string } }[];
};
type Labels = Readonly<Record<string, string>>;
/** A rendered object. Only what tests look at has a type. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { name: string; namespace?: string; labels?: Labels; annotations?: Labels };
  readonly data?: Labels;
  readonly spec?: Record<string, unknown>;
};
export type Workload = Manifest & {
  readonly spec: {
    replicas?: number;
    minReadySeconds?: number;
    strategy?: { rollingUpdate?: { maxUnavailable: number; maxSurge: number } };
    selector: { matchLabels: Labels };
    template: { metadata: { labels: Labels }; spec: PodSpec };
  };
};

export const OVERLAYS = ["local", "staging", "production"].map((name) => `overlays/${name}`);
export const COMBINATIONS = [
  "small",
  "scale-to-zero",
  "all-external",
  "canary",
  "progressive",
  "model-image",
  "dense",
].map((name) => `combinations/${name}`);

/** kubectl of this machine, or the one of the test cluster; `undefined` where there is neither. */
export const KUBECTL = findKubectl();
/** Why tests that render are skipped, for their titles. */
export const SKIPPED = "skipped: needs kubectl (or ../shared/cluster)";

function findKubectl(): string | undefined {
  const wanted = process.env.KUBECTL ?? "kubectl";
  if (spawnSync(wanted, ["version", "--client"], { stdio: "ignore" }).status === 0) return wanted;
  if (!existsSync(ASSETS)) return undefined;
  // One program that is kubectl when it is called so.
  const folder = join(tmpdir(), "cairn-kubectl");
  mkdirSync(folder, { recursive: true });
  const [program, link] = [join(folder, "kube-assets"), join(folder, "kubectl")];
  if (!existsSync(program)) {
    execFileSync("sh", [
      "-c",
      'xz -dc "$1" >"$2.part" && chmod +x "$2.part" && mv "$2.part" "$2"',
      "sh",
      ASSETS,
      program,
    ]);
  }
  if (!existsSync(link)) symlinkSync(program, link);
  return link;
}

const rendered = new Map<string, readonly Manifest[]>();

/** What `kubectl apply -k k8s/PATH` would send. */
export function render(path: string): readonly Manifest[] {
  const known = rendered.get(path);
  if (known) return known;
  const text = onceARun(path.replaceAll("/", "-"), () =>
    execFileSync(KUBECTL!, ["kustomize", join(ROOT, "k8s", path)], { encoding: "utf8" }),
  );
  const all = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  rendered.set(path, all);
  return all;
}

/** What another process of the run has made, or makes at this moment; where processes share no folder, each makes it. */
function onceARun(name: string, make: () => string): string {
  const folder = process.env.CAIRN_TEST_RUN;
  if (folder === undefined) return make();
  const file = join(folder, name);
  if (isFirst(`${file}.begun`)) {
    const made = make();
    writeFileSync(`${file}.part`, made);
    renameSync(`${file}.part`, file);
    return made;
  }
  const until = Date.now() + PATIENCE_MS;
  while (!existsSync(file) && Date.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  // Whoever began may have been killed.
  return existsSync(file) ? readFileSync(file, "utf8") : make();
}

function isFirst(mark: string): boolean {
  try {
    closeSync(openSync(mark, "wx"));
    return true;
  } catch {
    return false;
  }
}

export const ofKind = (all: readonly Manifest[], ...kinds: string[]): Manifest[] =>
  all.filter(({ kind }) => kinds.includes(kind));

/** What keeps pods running. */
export const workloadsOf = (all: readonly Manifest[]): Workload[] =>
  ofKind(all, "Deployment", "StatefulSet") as Workload[];

/** The pods of workloads and cron jobs, by the name of their owner. */
export function podsOf(all: readonly Manifest[]): { name: string; kind: string; labels: Labels; spec: PodSpec }[] {
  const jobs = ofKind(all, "CronJob").map((job) => {
    const { template } = (job.spec as { jobTemplate: { spec: Pick<Workload["spec"], "template"> } }).jobTemplate.spec;
    return { name: job.metadata.name, kind: "CronJob", labels: template.metadata.labels, spec: template.spec };
  });
  const running = workloadsOf(all).map(({ kind, metadata, spec: { template } }) => ({
    name: metadata.name,
    kind,
    labels: template.metadata.labels,
    spec: template.spec,
  }));
  return [...running, ...jobs];
}
