import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHILD_ENV } from "../../helpers/child-env.ts";
import { freePorts } from "../../helpers/free-ports.ts";
import { podsOf, render } from "../../helpers/kustomize.ts";
import { postgresPrograms, startPostgres } from "../../helpers/postgres-server.ts";
import { startQdrant } from "../../helpers/qdrant-server.ts";
import { containerProgram } from "./container-program.ts";
import { configMap, type Environment, environmentOf } from "./desk-settings.ts";

const ROOT = join(import.meta.dirname, "../../..");
const READY = '"event":"ready"';
/** Our processes: where each begins, and which setting is its port. */
const OURS: Readonly<Record<string, readonly [main: string, port?: string]>> = {
  gateway: ["services/gateway/main.ts", "CAIRN_GATEWAY_PORT"],
  "retrieval-api": ["services/retrieval-api/main.ts", "CAIRN_PORT"],
  "ingest-api": ["ingest/api/main.ts", "CAIRN_INGEST_PORT"],
  "ingest-worker": ["ingest/worker/main.ts"],
};

/** What runs in a pod, by the pod's name label. Starting resolves when it is ready, to what stops it. */
export type Programs = Readonly<Record<string, () => Promise<() => Promise<void>>>>;

/**
 * The programs of the local overlay on this machine, with the environment that the manifests give them: our processes,
 * the edge's nginx, a Qdrant, and a PostgreSQL that outlives its pods as its volume would.
 */
export async function deskPrograms(folder: string) {
  const root = join(folder, "root");
  const logFile = (container: string): string => join(folder, `${container}.log`);
  for (const path of ["backup", "data", "models", "etc/cairn", "var/lib/postgresql/data"])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, "etc/cairn/routes.yaml"), configMap("gateway-routes")["routes.yaml"]!);

  const postgres = postgresPrograms()!;
  const database = await startPostgres(postgres);
  const psql = {
    ...{ PATH: `${postgres}:${CHILD_ENV.PATH}`, PGHOST: "127.0.0.1", PGUSER: "cairn", PGDATABASE: "cairn" },
    PGPORT: new URL(database.url).port,
  };
  execFileSync("createdb", ["cairn"], { env: psql });

  const [edge, qdrant] = await freePorts();
  const ports = new Map<string, [port: number, metrics: number]>();
  for (const name of Object.keys(OURS)) ports.set(name, await freePorts());
  const addressOf = (name: string): string => `http://127.0.0.1:${ports.get(name)![0]}`;
  const environments = new Map<string, Environment>();
  for (const [name, [, setting]] of Object.entries(OURS)) {
    const [port, metrics] = ports.get(name)!;
    const moved = environmentOf(name, root, {
      "0.0.0.0": "127.0.0.1",
      "@postgres:5432": `@127.0.0.1:${psql.PGPORT}`,
      "http://qdrant:6333": `http://127.0.0.1:${qdrant}`,
      "http://gateway:8081": addressOf("gateway"),
    });
    // Clients of one process have nobody to move to.
    const own = { CAIRN_DATA: join(root, "data"), CAIRN_METRICS_PORT: String(metrics), CAIRN_LEAVE_SECONDS: "0" };
    environments.set(name, { ...moved, ...own, ...(setting && { [setting]: String(port) }) });
  }

  const ours = Object.entries(OURS).map(([name, [main]]) => [
    name,
    () =>
      containerProgram({
        command: [process.execPath, join(ROOT, main)],
        env: environments.get(name)!,
        logFile: logFile(name),
        ready: READY,
      }),
  ]);
  const backup = (): Promise<() => Promise<void>> => {
    const { args } = podsOf(render("overlays/local")).find(({ name }) => name === "postgres-backup")!.spec
      .containers[0]!;
    const script = args![0]!.replaceAll("/backup", join(root, "backup"));
    return containerProgram({ command: ["sh", "-ec", script], env: psql, logFile: logFile("backup") });
  };
  const nginx = (): Promise<() => Promise<void>> => {
    const server = configMap("edge")
      ["default.conf.template"]!.replace(/^resolver .*$/m, "")
      .replace("listen 8080", `listen 127.0.0.1:${edge}`)
      .replace(/http:\/\/(retrieval-api|ingest-api)\.\$\{NAMESPACE\}[^;]*/g, (_, name: string) => addressOf(name));
    const conf = join(folder, "nginx.conf");
    writeFileSync(conf, `pid ${folder}/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n${server}}\n`);
    const command = ["nginx", "-e", "stderr", "-c", conf, "-g", "daemon off; error_log stderr notice;"] as const;
    return containerProgram({ command, env: {}, logFile: logFile("edge"), ready: "start worker process" });
  };
  const programs: Programs = {
    ...Object.fromEntries(ours),
    qdrant: async () => (await startQdrant(["--port", String(qdrant)])).stop,
    edge: nginx,
    "postgres-backup": backup,
  };
  return {
    root,
    logFile,
    programs,
    environments,
    /** For programs of PostgreSQL. */
    psql,
    ports: { edge, metricsOf: (name: string): number => ports.get(name)![1] },
    stop: database.stop,
  };
}

export type DeskPrograms = Awaited<ReturnType<typeof deskPrograms>>;
