import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { freePorts } from "../../helpers/free-ports.ts";
import { commandsOf } from "../../helpers/operator-pages.ts";
import { postgresPrograms } from "../../helpers/postgres-server.ts";
import { hasQdrantEngine } from "../../helpers/qdrant-server.ts";
import { CUSTOM_RESOURCES } from "../custom-resources.ts";
import { apply, fieldOf, kubectl, tryKubectl, until } from "../kubectl.ts";
import { type Desk, openDesk } from "./desk.ts";
import { type DeskPrograms, deskPrograms } from "./desk-programs.ts";
import { kwokPages } from "./kwok-pages.ts";
import { startPagesCluster } from "./pages-cluster.ts";
import { checkoutIn, typeIn, walk } from "./walk.ts";

const HANDBOOK = "k8s/handbook/en";
/** The player of nodes of the cluster that the suite has started. */
const KWOK = join(dirname(process.env.KUBECTL ?? ""), "kwok");
const MISSING = [
  ...(existsSync(KWOK) ? [] : ["../shared/cluster and no KUBECONFIG"]),
  ...(postgresPrograms() ? [] : ["PostgreSQL"]),
  ...(hasQdrantEngine() ? [] : ["qdrant-edge-py"]),
  ...(spawnSync("nginx", ["-v"]).status === 0 ? [] : ["nginx"]),
];
const NO_WALK = MISSING.length > 0 ? ` (skipped: needs ${MISSING.join(", ")})` : "";
/** Sections that another suite follows, or that need what a test has not. */
const NOT_WALKED: Readonly<Record<string, string>> = {
  "How to get the images": "a container runtime; npm run test:images does the Dockerfile's steps",
  "How to use SOPS": "sops",
  "What a run looks like": "made by autoscaling.test.ts",
  "How to install autoscaling with HPAs": "an adapter; asked by autoscaling.test.ts",
};

const walked = new Set<string>();
let folder: string;
let checkout: string;
let programs: DeskPrograms;
let cluster: ReturnType<typeof startPagesCluster>;
let desk: Desk | undefined;
let env: NodeJS.ProcessEnv;
let freePort: number;

/** Follows one section of the handbook, in an operator's shell. */
async function follow(
  page: string,
  section: string,
  replace: readonly (readonly [string | RegExp, string])[] = [],
): Promise<string> {
  walked.add(`${page}: ${section}`);
  // Nobody goes on before the pods of a command have come up.
  await desk?.settled();
  const file = page === "README.md" ? page : `${HANDBOOK}/${page}.md`;
  return walk(file, section, checkout, env, [[/overlays\/OWN/g, "overlays/own"], ...replace]);
}

beforeAll(async () => {
  if (NO_WALK) return;
  folder = mkdtempSync(join(tmpdir(), "cairn-pages-"));
  // PostgreSQL runs as a user of its own.
  chmodSync(folder, 0o755);
  checkout = checkoutIn(folder);
  [freePort] = await freePorts();
  programs = await deskPrograms(folder);
  const { file, bin } = kwokPages(folder, KWOK, programs);
  cluster = startPagesCluster(join(folder, "cluster"), file, bin);
  process.env.KUBECONFIG = cluster.kubeconfig;
  env = {
    ...process.env,
    PATH: `${join(folder, "cluster/bin")}:${process.env.PATH}`,
    CAIRN_URL: `http://127.0.0.1:${programs.ports.edge}`,
  };
  apply(...CUSTOM_RESOURCES);
}, 240_000);
afterAll(async () => {
  if (NO_WALK) return;
  await desk?.close();
  await programs.stop();
  cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const place = (path: string): string => join(checkout, path);
/** Nothing found, or a difference, is no failure there. */
const mayFind = (command: RegExp): readonly [RegExp, string] => [command, "{ $1 || [ $? = 1 ]; }"];
const NO_ADAPTER = [/^kubectl get --raw "\/apis\/external.metrics.*$/gm, "true"] as const;
/** Ports of this machine are others'. */
const forwarded = (port: number, to: number): (readonly [RegExp, string])[] => {
  writeFileSync(join(folder, `forward-${port}`), String(to));
  return [
    [new RegExp(`(port-forward \\S+) ${port}\\b`, "g"), `$1 ${freePort}:${port}`],
    [new RegExp(`127\\.0\\.0\\.1:${port}\\b`, "g"), `127.0.0.1:${freePort}`],
  ];
};

describe.skipIf(NO_WALK)(`an installation in production${NO_WALK}`, () => {
  test("is made by the pages", async () => {
    cpSync(place("k8s/overlays/production"), place("k8s/overlays/own"), { recursive: true });
    kubectl(["create", "namespace", "ingress"]);
    await follow("secrets", "How to create the secrets by hand");
    const key = await follow("install", "How to install Cairn in production", [mayFind(/^(kubectl diff .*)$/g)]);
    expect(key).toContain("deployment.apps/inference serverside-applied");
    expect(key).toMatch(/^cairn_\w{12}_\S+$/m);
    mkdirSync(place("Qwen3-8B"));
    writeFileSync(place("Qwen3-8B/config.json"), "{}");
    await follow("install", "How to put the weights into the volume");
    expect(readdirSync(join(programs.root, "models/chat"))).toEqual(["config.json"]);
  });

  test("is upgraded, goes back, and gets new secrets", async () => {
    const file = place("k8s/overlays/own/kustomization.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("sha256:00", "sha256:11"));
    const typed = await follow("upgrade", "How to upgrade Cairn on Kubernetes", [
      [/^docker run .*$/g, "true"],
      [/npm run evals -- --url \S+.*$/g, "npm run evals -- --help"],
      mayFind(/^(kubectl diff .*)$/g),
    ]);
    expect(typed).toContain("successfully rolled out");
    await follow("upgrade", "How to go back to the version before");
    expect(tryKubectl(["apply", "--server-side", "-k", place("k8s/overlays/own")]).output).toMatch(/conflict/i);
    kubectl(["apply", "--server-side", "--force-conflicts", "-k", place("k8s/overlays/own")]);
    expect(await follow("secrets", "How to change a secret")).toContain("secret/cairn-gateway replaced");
  });

  test("tries a new model, takes it away, and takes it over by the patch of the page", async () => {
    const file = place("k8s/overlays/own/kustomization.yaml");
    const without = readFileSync(file, "utf8");
    writeFileSync(file, without.replace("components:\n", "components:\n  - ../../components/canary\n"));
    const section = "How to try a new model on a part of the requests";
    expect(await follow("upgrade", section)).toContain('deployment.apps "inference-canary" deleted');
    const [, patch] = /```yaml\n(.*?)^```/ms.exec(readFileSync(place(`${HANDBOOK}/upgrade.md`), "utf8"))!;
    writeFileSync(place("k8s/overlays/own/model.yaml"), patch!);
    writeFileSync(file, `${without}patches: [{ path: model.yaml }]\n`);
    kubectl(["apply", "--server-side", "-k", place("k8s/overlays/own")]);
    const settings = fieldOf("cairn", "deployment/inference", ".spec.template.spec.containers[0].env");
    expect(settings).toContain("/models/chat-next");
    expect(settings).not.toContain('"/models/chat"');
  });

  test("is looked after by the runbooks of the model servers", async () => {
    const gateway = openDesk("cairn", { gateway: programs.programs.gateway! });
    onTestFinished(gateway.close);
    await gateway.settled();
    await follow("runbooks", "CairnModelPodsPending");
    expect(await follow("runbooks", "CairnAutoscalerBlind")).toContain("Reference:");
    const metrics = await follow("runbooks", "CairnDemandMetricAbsent", [
      ...forwarded(9090, programs.ports.metricsOf("gateway")),
      NO_ADAPTER,
      ["--replicas=N", "--replicas=2"],
    ]);
    expect(metrics).toContain('cairn_gateway_demand{model="chat"} 0');
    await follow("runbooks", "CairnGpuXid", [["NODE", "gpu-0"]]);
    await follow("autoscaling", "How to scale model servers to zero");
  });
});

describe.skipIf(NO_WALK)(`a small installation${NO_WALK}`, () => {
  const local: readonly (readonly [string, string])[] = [["overlays/own", "overlays/local"]];

  test("is made by five commands, takes documents in and answers", async () => {
    kubectl(["delete", "namespace", "cairn", "--ignore-not-found"]);
    execFileSync("dropdb", ["--force", "cairn"], { env: programs.psql });
    execFileSync("createdb", ["cairn"], { env: programs.psql });
    desk = openDesk("cairn", programs.programs);
    const printed = await follow("install", "How to install Cairn in a local cluster", [
      ...forwarded(8080, programs.ports.edge),
      [/^kubectl -n cairn port-forward/gm, 'echo "key $CAIRN_KEY"\nkubectl -n cairn port-forward'],
      [/^\.\/cairn .*$/g, "true"],
    ]);
    expect(printed).toContain('"id":"cairn"');
    env.CAIRN_KEY = /^key (\S+)$/m.exec(printed)![1]!;
    const answer = await follow("install", "How to install Cairn in a local cluster", [
      [/^(?!\.\/cairn)[\s\S]*/g, "true"],
    ]);
    expect(answer).toContain("One file may be at most 50 MB.");
    expect(commandsOf("README.md").find(({ section }) => section === "Run it on Kubernetes")?.code).toBe(
      commandsOf(`${HANDBOOK}/install.md`)[0]!.code,
    );
  });

  test("is looked after by the runbooks of the services", async () => {
    // The rollout that it began with.
    kubectl(["-n", "cairn", "rollout", "restart", "deployment/retrieval-api"]);
    kubectl(["-n", "cairn", "rollout", "status", "deployment/retrieval-api"]);
    await follow("runbooks", "CairnAnswersFailFast", [['"level":"error"', '"level":']]);
    const ready = await follow(
      "runbooks",
      "CairnRequestsFail",
      forwarded(9090, programs.ports.metricsOf("retrieval-api")),
    );
    expect(ready).toContain('"checks":{"database":"ok","index":"ok"}');
    await follow("runbooks", "CairnIndexProposesForbidden");
    expect(await follow("runbooks", "CairnJobsStuck")).toContain('"service":"ingest-worker"');
    expect(await follow("runbooks", "CairnJobsGivenUp")).toContain("0 given up");
    await follow("runbooks", "CairnIndexDrift");
    await follow("runbooks", "CairnFilesMissing");
    await follow("runbooks", "CairnReconciliationOverdue");
    expect(await follow("runbooks", "CairnRouteFileRejected")).toContain("route file loaded");
  });

  test("is saved, and comes back from the dump with its documents and keys", async () => {
    await follow("recovery", "How to make a backup now", [[/^(kubectl -n cairn delete job .*)$/gm, "true"]]);
    expect(await follow("runbooks", "CairnBackupOverdue", [["JOB", "backup-now"]])).toMatch(/cairn-\w+Z\.dump/);
    const [dump] = readdirSync(join(programs.root, "backup"));
    const named = [["cairn-20260101T021700Z.dump", dump!]] as const;
    expect(await follow("recovery", "How to copy a dump out of the cluster", named)).toContain(dump);
    const key = await typeIn("./cairn keys create --subject late --scopes chat", checkout, env);
    await follow("recovery", "How to restore PostgreSQL in the cluster", [...named, ...local]);
    await desk!.settled();
    expect(await typeIn('./cairn ask "How large may a file be?"', checkout, env)).toContain(
      "One file may be at most 50 MB.",
    );
    const late = { ...env, CAIRN_KEY: /cairn_\w{12}_\S+/.exec(key)![0] };
    await expect(typeIn("./cairn search harbour", checkout, late)).rejects.toThrow("unknown, expired or revoked");
  });

  test("gets its index back from the database and the files", async () => {
    await follow("recovery", "How to build the index again", [...local, ["./cairn reconcile", "true"]]);
    await until(
      "the documents are found again",
      () => typeIn('./cairn ask "How large may a file be?"', checkout, env).catch(String),
      (printed) => printed.includes("One file may be at most 50 MB."),
    );
    await follow("recovery", "How to move to another cluster");
  });
});

test.skipIf(NO_WALK)(`no command of the handbook is left out${NO_WALK}`, () => {
  const all = globSync("*.md", { cwd: HANDBOOK }).flatMap((page) =>
    commandsOf(`${HANDBOOK}/${page}`).map(({ section }) => `${page.replace(".md", "")}: ${section}`),
  );
  expect(all.filter((each) => !walked.has(each) && !(each.split(": ")[1]! in NOT_WALKED))).toEqual([]);
});
