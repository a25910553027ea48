import { join } from "node:path";
import { type Manifest, ofKind, podsOf, render } from "../../helpers/kustomize.ts";

const OVERLAY = "overlays/local";

export type Environment = Readonly<Record<string, string>>;

function dataOf(kind: string, name: string): Readonly<Record<string, string>> {
  const named = ({ metadata }: Manifest): boolean => metadata.name === name || metadata.name.startsWith(`${name}-`);
  const { data = {} } = ofKind(render(OVERLAY), kind).find(named)!;
  const plain = (text: string): string => (kind === "Secret" ? Buffer.from(text, "base64").toString() : text);
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, plain(text)]));
}

/** A config map of the local overlay; its name there ends in a hash. */
export const configMap = (name: string): Environment => dataOf("ConfigMap", name);

type From = { readonly secretKeyRef?: { readonly name: string; readonly key: string } };

/**
 * The environment of a container of the local overlay, moved to this machine: `addresses` says what is where, and paths
 * are below `root`.
 */
export function environmentOf(workload: string, root: string, addresses: Environment): Record<string, string> {
  const { envFrom = [], env = [] } = podsOf(render(OVERLAY)).find(({ name }) => name === workload)!.spec.containers[0]!;
  const found: Record<string, string> = {};
  for (const { configMapRef } of envFrom) Object.assign(found, dataOf("ConfigMap", configMapRef!.name));
  for (const { name, value, valueFrom } of env) {
    const { secretKeyRef } = (valueFrom ?? {}) as From;
    const known = value ?? (secretKeyRef && dataOf("Secret", secretKeyRef.name)[secretKeyRef.key]);
    if (known !== undefined) found[name] = known;
  }
  const here = (value: string): string => {
    const moved = Object.entries(addresses).reduce(
      (text, [there, local]) => text.replaceAll(there, () => local),
      value,
    );
    return moved.startsWith("/") ? join(root, moved) : moved;
  };
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, here(value)]));
}
