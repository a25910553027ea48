import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePorts } from "./free-ports.ts";

const START_LIMIT_MS = 30_000;

/** Where Debian's package and a build by hand put the programs. `undefined`: PostgreSQL is not installed. */
export function postgresPrograms(): string | undefined {
  const folders = [...globSync("/usr/lib/postgresql/*/bin").sort().reverse(), "/usr/local/bin", "/usr/bin"];
  return folders.find((folder) => ["initdb", "postgres"].every((program) => existsSync(join(folder, program))));
}

/**
 * A PostgreSQL of its own in a temporary folder, or a copy of the one at `primary` that follows it and can only be read.
 * It refuses to run as root, so there it runs as `postgres`.
 */
export async function startPostgres(programs: string, primary?: string) {
  const folder = mkdtempSync(join(tmpdir(), "cairn-postgres-"));
  const owner = process.getuid?.() === 0 ? ownerOf("postgres") : undefined;
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, "data");
  const [port] = await freePorts();
  const [program, ...make] = primary
    ? ["pg_basebackup", "-D", data, "-d", primary, "-R", "-c", "fast", "-N"]
    : ["initdb", "-D", data, "-U", "cairn", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"];
  execFileSync(join(programs, program!), make, { ...owner, cwd: folder, stdio: "ignore" });
  const settings = [
    "listen_addresses=127.0.0.1",
    `unix_socket_directories=${folder}`,
    "max_connections=200",
    "fsync=off",
  ];
  const url = `postgres://cairn@127.0.0.1:${port}/postgres`;
  const start = () => {
    const args = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
    return spawn(join(programs, "postgres"), args, { ...owner, cwd: folder, stdio: "ignore" });
  };
  let server = start();
  const ended = () =>
    new Promise<void>((resolve) => (server.exitCode === null ? server.once("exit", resolve) : resolve()));
  await answering(url);
  return {
    url,
    /** Ends it as a crash would, all connections with it, and starts it again. */
    async restart(awayMs = 0): Promise<void> {
      server.kill("SIGQUIT");
      await ended();
      await sleep(awayMs);
      server = start();
      await answering(url);
    },
    async stop(): Promise<void> {
      server.kill("SIGINT");
      await ended();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ownerOf(user: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync("id", [flag, user]).toString());
  return { uid: id("-u"), gid: id("-g") };
}

async function answering(url: string): Promise<void> {
  for (const until = performance.now() + START_LIMIT_MS; ; await sleep(50)) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}

/** A new, empty database on a server. */
export async function newDatabase(serverUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `cairn_test_${crypto.randomUUID().replaceAll("-", "")}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await query(serverUrl, `create database ${name}`);
  return { url: url.href, drop: () => query(serverUrl, `drop database if exists ${name} with (force)`) };
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text).finally(() => client.end());
}
