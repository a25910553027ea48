import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, globSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { measureCode } from "#shared/lineage/measure.ts";
import { freePorts } from "../helpers/free-ports.ts";
import { readDockerfile, type Step } from "./read-dockerfile.ts";

/**
 * Proves the images where no container runtime is at hand: does what the Dockerfile says in a clean folder, starts each
 * target from there as a user without rights, and measures. What it cannot show is the base image itself.
 */
const ROOT = join(import.meta.dirname, "../..");
const LIMIT_BYTES = 250e6;
/** Of debian:bookworm-slim, unpacked, as registries tell it. */
const DEBIAN_BYTES = 75e6;
const NOBODY = 65_534;

const stages = readDockerfile(readFileSync(join(ROOT, "Dockerfile"), "utf8"));
const stage = (name: string) => stages.find((each) => each.name === name)!;
const failures: string[] = [];
const check = (holds: boolean, what: string): void => {
  process.stdout.write(`${holds ? "ok  " : "FAIL"} ${what}\n`);
  if (!holds) failures.push(what);
};

const folder = mkdtempSync(join(tmpdir(), "cairn-image-"));
const app = join(folder, "app");

function build(steps: readonly Step[]): void {
  mkdirSync(app);
  for (const { verb, text } of steps) {
    if (verb === "COPY") {
      const names = text.split(" ");
      const to = join(app, names.pop()!);
      for (const name of names) cpSync(join(ROOT, name), names.length > 1 ? join(to, name) : to, { recursive: true });
    }
    // Steps on the image's own files need the image; `strip` is done here on the Node that runs this.
    if (verb !== "RUN" || /apt-get|\/data/.test(text)) continue;
    execFileSync("sh", ["-ec", text], { cwd: app, stdio: ["ignore", "pipe", "inherit"] });
  }
  const node = join(folder, "node");
  execFileSync("strip", ["--strip-unneeded", "-o", node, process.execPath]);
}

const bytesOf = (path: string): number =>
  globSync("**/*", { cwd: path }).reduce((sum, name) => sum + lstatSync(join(path, name)).size, 0);

const OWN_PORT: Readonly<Record<string, string>> = {
  "retrieval-api": "CAIRN_PORT",
  gateway: "CAIRN_GATEWAY_PORT",
  "ingest-api": "CAIRN_INGEST_PORT",
};

async function start(target: string): Promise<void> {
  const cmd = JSON.parse(stage(target).steps.find(({ verb }) => verb === "CMD")!.text) as string[];
  const [port, metrics] = await freePorts();
  const data = join(folder, `data-${target}`);
  mkdirSync(data, { mode: 0o777 });
  execFileSync("chmod", ["777", data]);
  const env = {
    NODE_ENV: "production",
    CAIRN_DATA: data,
    CAIRN_HOST: "127.0.0.1",
    CAIRN_AUTH: "keys",
    CAIRN_GATEWAY_KEY: "k",
    CAIRN_METRICS_PORT: String(metrics),
    ...(target in OWN_PORT && { [OWN_PORT[target]!]: String(port) }),
  };
  const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn(join(folder, "node"), cmd.slice(1), {
    cwd: app,
    env,
    ...asNobody,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (piece: Buffer) => {
    stderr += piece;
  });
  const exit = once(child, "close") as Promise<[number | null]>;
  let ready = false;
  for (let tries = 0; tries < 300 && !ready && child.exitCode === null; tries++) {
    ready = await fetch(`http://127.0.0.1:${metrics}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!ready) await sleep(100);
  }
  check(
    ready,
    `${target} becomes ready, as a user without rights, with code that it cannot write${ready ? "" : `: ${stderr}`}`,
  );
  child.kill("SIGTERM");
  check((await exit)[0] === 0, `${target} ends with 0 at SIGTERM`);
}

try {
  build(stage("build").steps);
  execFileSync("chmod", ["-R", "a-w,a+rX", app, folder]);
  const bytes = DEBIAN_BYTES + lstatSync(join(folder, "node")).size + bytesOf(app);
  check(
    bytes <= LIMIT_BYTES,
    `each image has ${Math.round(bytes / 1e6)} MB, Debian included (limit ${LIMIT_BYTES / 1e6})`,
  );
  const sbom = JSON.parse(readFileSync(join(app, "sbom.cdx.json"), "utf8")) as {
    bomFormat: string;
    components: { name: string }[];
  };
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const listed = new Set(sbom.components.map(({ name }) => name));
  const missing = Object.keys(dependencies).filter(
    (name) => !listed.has(name) && !listed.has(name.replace(/^@[^/]+\//, "")),
  );
  check(
    sbom.bomFormat === "CycloneDX" && missing.length === 0,
    `the SBOM lists ${sbom.components.length} packages, all of ours among them ${missing}`,
  );
  check(
    globSync("node_modules/{typescript,vitest,@biomejs,npm,node-linux-*}", { cwd: app }).length === 0,
    "no tool to build or test with, no second Node",
  );
  const cli = [join(app, "services/cli/main.ts"), "verify", "--code"];
  const said = execFileSync(join(folder, "node"), cli, { cwd: app, env: {}, encoding: "utf8" }).trim();
  const measured = `sha256:${await measureCode(app)}`;
  check(said === measured, `the image tells the digest of its own code, for CAIRN_CODE_DIGEST: ${said}`);
  for (const target of ["retrieval-api", "gateway", "ingest-api", "ingest-worker"]) await start(target);
  const user = stage("base").steps.find(({ verb }) => verb === "USER")?.text;
  check(user === "1000:1000", `the image's user is a number that is not root: ${user}`);
  check(
    stages.filter(({ from }) => from.includes(":")).every(({ from }) => /@sha256:[0-9a-f]{64}$/.test(from)),
    "base images are named by digest",
  );
} finally {
  execFileSync("chmod", ["-R", "u+w", folder]);
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(
  `${failures.length === 0 ? "The images are as they should be.\n" : `${failures.length} failed.\n`}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
