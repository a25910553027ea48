import { execFileSync, spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";

export const CLUSTER = process.env.KUBECONFIG !== undefined && process.env.KUBECONFIG !== "";
export const NO_CLUSTER = CLUSTER ? "" : " (skipped: no KUBECONFIG and no ../shared/cluster)";
const KUBECTL = process.env.KUBECTL ?? "kubectl";

/** The output of kubectl. Throws with its complaint. */
export function kubectl(args: readonly string[], input?: string): string {
  return execFileSync(KUBECTL, args, {
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
    ...(input !== undefined && { input }),
  });
}

/** For what may fail: status and all that was printed. */
export function tryKubectl(args: readonly string[], input?: string): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync(KUBECTL, args, { encoding: "utf8", input });
  return { ok: status === 0, output: `${stdout}${stderr}` };
}

export const apply = (...objects: readonly object[]): string =>
  kubectl(["apply", "--server-side", "-f", "-"], objects.map((each) => stringify(each)).join("---\n"));

/** One value of one object, by JSONPath without its braces; empty when there is none. */
export const fieldOf = (namespace: string, object: string, path: string): string =>
  tryKubectl(["-n", namespace, "get", object, "-o", `jsonpath={${path}}`]).output;

/** Until the condition holds; tells what it waited for, and what it last saw, when that takes too long. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  withinMs = 150_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() > end)
      throw new Error(`Not within ${withinMs} ms: ${what}. Last seen: ${JSON.stringify(seen)}`);
    await sleep(250);
  }
}

/** A namespace of the test's own, under the same rules as those of the overlays. */
export function namespaceOf(name: string): object {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}
