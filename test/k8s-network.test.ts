import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  COMBINATIONS,
  KUBECTL,
  type Manifest,
  OVERLAYS,
  ofKind,
  podsOf,
  render,
  SKIPPED,
} from "./helpers/kustomize.ts";

type Selector = {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values: string[] }[];
};
type Peer = { podSelector?: Selector; namespaceSelector?: Selector; ipBlock?: object };
type Rule = { from?: Peer[]; to?: Peer[]; ports?: { port: number | string }[] };
type Policy = Manifest & { spec: { podSelector: Selector; policyTypes: string[]; ingress?: Rule[]; egress?: Rule[] } };

const NAME = "app.kubernetes.io/name";
const K8S = join(import.meta.dirname, "../k8s");
/** Everything: a policy of one component cuts a pod off from all that no other policy allows. */
const LOCKED = [...OVERLAYS, ...COMBINATIONS];

const matches = ({ matchLabels = {}, matchExpressions = [] }: Selector, name: string): boolean =>
  Object.entries(matchLabels).every(([key, value]) => key === NAME && value === name) &&
  matchExpressions.every(({ key, operator, values }) => key === NAME && operator === "In" && values.includes(name));

/** Whether `from` may open a connection to `to`: the policies of both must say so. */
function reaches(policies: readonly Policy[], from: string, to: string, port: number): boolean {
  const allows = (rules: readonly Rule[] = [], peer: string, side: "from" | "to"): boolean =>
    rules.some(
      (rule) =>
        (rule[side] ?? []).some(
          ({ podSelector, namespaceSelector }) => podSelector && !namespaceSelector && matches(podSelector, peer),
        ) && (rule.ports ?? []).some((each) => each.port === port),
    );
  return (
    policies.some(({ spec }) => matches(spec.podSelector, from) && allows(spec.egress, to, "to")) &&
    policies.some(({ spec }) => matches(spec.podSelector, to) && allows(spec.ingress, from, "from"))
  );
}

/** Who calls whom, by the addresses in their settings, config maps and route files. */
function calls(all: readonly Manifest[]): [from: string, to: string, port: number][] {
  const services = ofKind(all, "Service").map(({ metadata }) => metadata.name);
  const maps = (name: string): string[] =>
    Object.values(all.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name)?.data ?? {});
  return podsOf(all).flatMap(({ name, spec }) => {
    const texts = spec.containers.flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ name: variable, value }) => (variable === "PGHOST" ? `//${value}:5432` : (value ?? ""))),
      ...env
        .filter(({ valueFrom }) => valueFrom?.secretKeyRef?.name.startsWith("cairn-database"))
        .map(() => "//postgres:5432"),
      ...envFrom.flatMap(({ configMapRef }) => (configMapRef ? maps(configMapRef.name) : [])),
    ]);
    const mounted = (spec.volumes ?? []).flatMap(({ configMap }) => (configMap ? maps(configMap.name) : []));
    return [
      ...new Set(
        [...texts, ...mounted].flatMap((text) => text.match(/\/\/[a-z-]+(\.\$\{NAMESPACE\}[a-z.]*)?:\d+/g) ?? []),
      ),
    ]
      .map((address) => /^\/\/([a-z-]+).*:(\d+)$/.exec(address)!)
      .filter(([, host]) => services.includes(host!))
      .map(([, host, port]): [string, string, number] => [name, host!, Number(port)]);
  });
}

describe.skipIf(!KUBECTL).each(LOCKED)(`%s${KUBECTL ? "" : ` (${SKIPPED})`}`, (path) => {
  const all = KUBECTL ? render(path) : [];
  const policies = ofKind(all, "NetworkPolicy") as Policy[];

  test("nothing in and nothing out, unless a policy says so", () => {
    const [deny] = policies.filter(({ metadata }) => metadata.name === "default-deny");
    expect(deny!.spec).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    for (const { metadata, spec } of policies.filter((each) => each !== deny)) {
      for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
        expect([...(rule.from ?? []), ...(rule.to ?? [])].length, metadata.name).toBeGreaterThan(0);
        expect(rule.ports?.length, metadata.name).toBeGreaterThan(0);
      }
    }
  });

  test("every pod may ask for names, because all of them call by name", () => {
    const [dns] = policies.filter(({ metadata }) => metadata.name === "dns");
    expect(dns!.spec).toMatchObject({ podSelector: {}, policyTypes: ["Egress"] });
  });

  test("every call that a setting or a route file asks for has its edge", () => {
    const wanted = calls(all);
    expect(wanted.length).toBeGreaterThan(0);
    const missing = wanted.filter(([from, to, port]) => !reaches(policies, from, to, port));
    expect(missing).toEqual([]);
  });

  test("nobody else: model servers and stores hear those alone who need them", () => {
    const names = podsOf(all).map(({ name }) => name);
    const wanted = new Set(calls(all).map((call) => call.join(" ")));
    const open: [string, number][] = [
      ["postgres", 5432],
      ["qdrant", 6333],
      ["inference", 8000],
    ];
    for (const [to, port] of open.filter(([name]) => names.includes(name))) {
      const able = names.filter((from) => reaches(policies, from, to, port));
      expect(
        able.filter((from) => !wanted.has(`${from} ${to} ${port}`)),
        `to ${to}`,
      ).toEqual([]);
    }
  });
});

test("one file an edge: each is named after its two ends and opens nothing else", () => {
  for (const file of globSync("components/*/*-to-*.yaml", { cwd: K8S })) {
    if (/prometheus-to-metrics|ingress-to-apis/.test(file)) continue;
    const edge = /([a-z-]+)\.yaml$/.exec(file)![1]!;
    const names = [...readFileSync(join(K8S, file), "utf8").matchAll(/^ {2}name: (\S+)$/gm)].map(([, name]) => name);
    expect(names, file).toEqual([`${edge}-egress`, `${edge}-ingress`]);
  }
});
