import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DASHBOARDS } from "../k8s/dashboards/write-dashboards.ts";
import { run } from "../services/cli/app.ts";
import { KUBECTL, OVERLAYS, render, SKIPPED } from "./helpers/kustomize.ts";
import { ALERTS } from "./helpers/monitoring.ts";
import { commandsOf } from "./helpers/operator-pages.ts";

const ROOT = join(import.meta.dirname, "..");
const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");
/** What an operator reads; those in Chinese have the same commands, which another test holds. */
const PAGES = [
  "README.md",
  "docs/en/kubernetes.md",
  ...globSync("k8s/{handbook/en/*,components/*/README}.md", { cwd: ROOT }),
];
const ALL_PAGES = [...PAGES, "docs/zh/kubernetes.md", ...globSync("k8s/handbook/zh/*.md", { cwd: ROOT })];
const LINES = PAGES.flatMap((page) =>
  commandsOf(page).flatMap(({ code }) => code.split("\n").map((line) => ({ page, line: line.trim() }))),
);
const CODE = globSync("{services,ingest}/**/*.ts", { cwd: ROOT }).map(textOf).join("\n");
/** What a page names is there; an overlay of the operator's own is a copy of the one for production. */
const expectThere = (page: string, path: string): void =>
  expect(existsSync(join(ROOT, path.replace("overlays/OWN", "overlays/production"))), `${page}: ${path}`).toBe(true);
const codeIn = (page: string): string[] =>
  [
    ...textOf(page)
      .replaceAll(/^```[\s\S]*?^```/gm, "")
      .matchAll(/`([^`\n]+)`/g),
  ].map(([, code]) => code!);
/** The operator's own, or made by the page itself. */
const NOT_IN_MANIFESTS = new Set([
  "job/backup-now",
  "job/JOB",
  "pod/weights",
  "pod/dumps",
  "pvc/data-qdrant-0",
  "namespace/cairn",
]);

test.skipIf(!KUBECTL)(`what kubectl is told to act on is in the manifests${KUBECTL ? "" : ` (${SKIPPED})`}`, () => {
  const short: Readonly<Record<string, string>> = { PersistentVolumeClaim: "pvc" };
  const known = new Set(
    [...OVERLAYS, "combinations/canary"].flatMap((path) =>
      render(path).map(({ kind, metadata }) => `${short[kind] ?? kind.toLowerCase()}/${metadata.name}`),
    ),
  );
  const named = LINES.filter(({ line }) => line.includes("kubectl")).flatMap(({ page, line }) => {
    const objects = line.matchAll(
      /(?<![\w/.-])(deployment|statefulset|service|cronjob|job|pod|pvc|networkpolicy|poddisruptionbudget)\/([\w-]+)/g,
    );
    const autoscalers = line.matchAll(/\bhpa ([a-z][a-z-]*)/g);
    return [
      ...[...objects].map(([object]) => ({ page, object })),
      ...[...autoscalers].map(([, name]) => ({ page, object: `horizontalpodautoscaler/${name}` })),
    ];
  });
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(({ object }) => !known.has(object) && !NOT_IN_MANIFESTS.has(object))).toEqual([]);
});

test("labels that pods are chosen by, and containers, are those of the manifests", () => {
  const names = LINES.flatMap(
    ({ line }) => /app\.kubernetes\.io\/name(?:=([\w-]+)| in \(([^)]*)\))/.exec(line)?.slice(1) ?? [],
  );
  const chosen = names.flatMap((list) => list?.split(",") ?? []);
  const base = globSync("k8s/**/{deployment,stateful-set}.yaml", { cwd: ROOT }).map(textOf).join("\n");
  expect(chosen).toContain("ingest-worker");
  expect(chosen.filter((name) => !base.includes(`app.kubernetes.io/name: ${name} `))).toEqual([]);
});

test("files and scripts that commands name are there", () => {
  const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
  for (const { page, line } of LINES) {
    for (const [, path] of line.matchAll(/(?<=[ =])((?:k8s|services|docs)\/[\w./-]+)/g)) {
      expectThere(page, path!);
    }
    const script = /\bnpm (?:run )?([\w:]+)/.exec(line)?.[1];
    if (script !== undefined && script !== "ci") expect(scripts, `${page}: ${line}`).toHaveProperty(script);
  }
});

test("files, folders and components that sentences name are there", () => {
  for (const page of ALL_PAGES.filter((each) => each !== "README.md")) {
    for (const path of codeIn(page).filter((code) => /^(?:k8s|test|services|\.github)\/[\w./-]+$/.test(code))) {
      expectThere(page, path);
    }
  }
  for (const page of ["k8s/handbook/en/install.md", "k8s/handbook/zh/install.md"]) {
    const listed = codeIn(page);
    for (const component of globSync("k8s/components/*/README.md", { cwd: ROOT })) {
      expect(listed, page).toContain(component.split("/")[2]);
    }
  }
});

test("every call of ./cairn is one that it understands", async () => {
  const calls = LINES.flatMap(({ page, line }) => (line.startsWith("./cairn ") ? [{ page, line }] : []));
  expect(calls.length).toBeGreaterThan(8);
  for (const { page, line } of calls) {
    // It would write a file; its own tests run it.
    if (line.includes("rotate-signing")) continue;
    const args = [...line.slice("./cairn ".length).matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, word]) => quoted ?? word!,
    );
    const silent = { write: () => true, isTTY: false };
    const code = await run(
      args,
      { url: "http://127.0.0.1:9", key: undefined },
      silent,
      silent,
      AbortSignal.timeout(5000),
    );
    expect(code, `${page}: ${line}`).toBe(1);
  }
});

test("metrics, alerts, dashboards and panels that the pages name exist", () => {
  const metrics = new Set([...CODE.matchAll(/"(cairn_[a-z_]+)"/g)].map(([, name]) => name));
  const alerts = new Set(ALERTS.map(({ alert }) => alert));
  const shown = new Set(DASHBOARDS.flatMap(({ title, panels }) => [title, ...panels.map((panel) => panel.title)]));
  for (const page of ALL_PAGES) {
    for (const [metric] of textOf(page).matchAll(/\bcairn_[a-z_]+(?<!_)\b/g)) expect(metrics, page).toContain(metric);
    for (const [alert] of textOf(page).matchAll(/\bCairn[A-Z]\w+/g)) expect(alerts, page).toContain(alert);
    for (const [, names] of textOf(page).matchAll(
      /(?:dashboard panels|dashboard|仪表盘(?:的)?) ?((?:`[^`\n]+`(?: and | 和 )?)+)/g,
    )) {
      for (const [, name] of names!.matchAll(/`([^`]+)`/g)) expect(shown, `${page}: ${name}`).toContain(name);
    }
  }
});

test("lines of logs that the pages look for are written by the code", () => {
  const events = ["unexpected", "sequencing", "reconciliation failed", "route file"];
  const runbooks = textOf("k8s/handbook/en/runbooks.md");
  for (const event of events) {
    expect(runbooks).toContain(event);
    expect(new RegExp(`log\\.\\w+\\(\\s*"${event}`).test(CODE), event).toBe(true);
  }
});
