import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import type { DeskPrograms } from "./desk-programs.ts";

/** Containers of PostgreSQL, of its backup and of the pods that the pages start to copy files. */
const WITH_FILES = ["postgres", "backup", "copy"];
const PROGRAMS_WITH_FILES = ["tar", "test", "ls", "rm", "pg_restore"];
/** Pods of a real cluster take a moment to begin, to end their job and to go. */
const SLOW_STAGES = ["pod-ready", "pod-complete", "pod-delete"];
const SLOW_MS = 3000;
/** The end of its input is not passed on: tar must not wait for more than the archive. */
const TAR_OPTIONS = "--blocking-factor=1";

const object = (kind: string, spec: object): string =>
  stringify({
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind,
    metadata: { name: "pages" },
    spec: { selector: { matchNamespaces: ["cairn"] }, ...spec },
  });

const script = (file: string, text: string): void => {
  writeFileSync(file, text);
  chmodSync(file, 0o755);
};

/**
 * What the player of nodes has to be told so that `kubectl exec`, `cp`, `logs` and `port-forward` lead to programs of this
 * machine: its stages, and a folder that goes first in its PATH.
 */
export function kwokPages(folder: string, kwok: string, { root, logFile, environments, psql }: DeskPrograms) {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));
  // A container's paths are below $DESK_ROOT. Everybody else gets the program as it is.
  for (const name of PROGRAMS_WITH_FILES)
    script(
      join(bin, name),
      `#!/bin/sh
PATH=\${PATH#${bin}:}
[ -n "$DESK_ROOT" ] || exec ${name} "$@"
cd "$DESK_ROOT" || exit 1
for argument in "$@"; do shift; set -- "$@" "\${argument#/}"; done
exec ${name} "$@"
`,
    );
  const forward = join(bin, "forward");
  script(
    forward,
    `#!/bin/bash
port=$(cat ${folder}/forward-$1)
# A pod of a real cluster is ready when its program is.
for i in {1..300}; do { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null && break; sleep 0.1; done
exec 4<&0
cat <&4 >&3 & cat <&3
kill $!
`,
  );

  const reached = [...environments].map(([name, env]) => ({
    containers: [name],
    workDir: join(import.meta.dirname, "../../.."),
    env,
  }));
  const files = {
    containers: WITH_FILES,
    workDir: root,
    env: { ...psql, PATH: `${bin}:${psql.PATH}`, DESK_ROOT: root, TAR_OPTIONS },
  };
  const execs = [...reached, files].map(({ containers, workDir, env }) => ({
    containers,
    local: { workDir, envs: Object.entries(env).map(([name, value]) => ({ name, value })) },
  }));
  const logs = [...environments.keys(), ...WITH_FILES].map((name) => ({ containers: [name], logsFile: logFile(name) }));
  const forwards = [8080, 9090].map((port) => ({ ports: [port], command: [forward, String(port)] }));
  const stages = parseAllDocuments(execFileSync(kwok, ["stages"], { encoding: "utf8" })).map((stage) => {
    if (SLOW_STAGES.includes(stage.getIn(["metadata", "name"]) as string))
      stage.setIn(["spec", "delay", "durationMilliseconds"], SLOW_MS);
    return stage.toString({ directives: false });
  });
  const file = join(folder, "stages.yaml");
  const objects = [
    object("ClusterExec", { execs }),
    object("ClusterLogs", { logs }),
    object("ClusterPortForward", { forwards }),
  ];
  writeFileSync(file, [...stages, ...objects].join("---\n"));
  return { file, bin };
}
