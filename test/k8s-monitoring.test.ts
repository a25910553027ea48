import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { DASHBOARDS, fileOf, textOf } from "../k8s/dashboards/write-dashboards.ts";
import { EXTERNAL_SERIES } from "./helpers/external-series.ts";
import { type LocalApp, openLocal } from "./helpers/local.ts";
import { ALERTS, EXPECTATIONS, PROMTOOL, promtool, RULES, TEST_FILES } from "./helpers/monitoring.ts";
import { seriesOf } from "./helpers/series-of.ts";

const ROOT = join(import.meta.dirname, "..");
const WHY = PROMTOOL ? "" : " (skipped: needs promtool, Debian's package prometheus)";
/** What Prometheus adds to every series that it reads in a cluster. */
const TARGET_LABELS = ["namespace", "pod", "job", "service", "instance"];
/** Of exporters: their labels are theirs. */
const external = new Set(Object.values(EXTERNAL_SERIES).flat());

const panels = DASHBOARDS.flatMap(({ title, panels }) =>
  panels.flatMap((panel) =>
    Object.values(panel.queries).map((expr) => ({ where: `${title}: ${panel.title}`, expr: withoutVariables(expr) })),
  ),
);
function withoutVariables(expr: string): string {
  return expr.replaceAll("$__rate_interval", "5m").replaceAll("$namespace", "cairn");
}

let app: LocalApp;
let served: Map<string, Set<string>>;

beforeAll(async () => {
  app = await openLocal({ files: { "ports.md": "# Ports\n\nThe gateway listens on port 8081.\n" } });
  await app.ask("Which port does the gateway listen on?");
  await app.ask("Who won the football match of yesterday evening?");
  served = seriesIn(await app.metrics.registry.metrics());
});
afterAll(() => app.close());

/** Names of series with the labels that they have, or could have by the type of the metric. */
function seriesIn(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name, labels = ""] of text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? \S+$/gm)) {
    const known = found.get(name!) ?? new Set();
    for (const [, label] of labels.matchAll(/([a-zA-Z_]\w*)="/g)) known.add(label!);
    found.set(name!, known);
  }
  // Counted only once something has gone wrong or has been asked for; the name and the type are told even so.
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\w+)$/gm)) {
    const names = type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name!];
    for (const each of names) if (!found.has(each)) found.set(each, new Set(["*"]));
  }
  return found;
}

test.skipIf(!PROMTOOL)(`promtool takes all rules${WHY}`, () => {
  expect(promtool(["check", "rules", "--lint=all", "--lint-fatal", "rules.yaml"])).toBe("");
});

test.skipIf(!PROMTOOL).each(TEST_FILES)(
  `alerts fire and keep still as test/promtool/%s says${WHY}`,
  (file) => {
    expect(promtool(["test", "rules", file])).toBe("");
  },
  120_000,
);

test("every alert is exercised, firing and not", () => {
  for (const { alert } of ALERTS) {
    const mine = EXPECTATIONS.filter(({ alertname }) => alertname === alert);
    expect(mine.filter(({ exp_alerts }) => exp_alerts.length > 0).length, `${alert} fires`).toBeGreaterThan(0);
    expect(mine.filter(({ exp_alerts }) => exp_alerts.length === 0).length, `${alert} keeps still`).toBeGreaterThan(0);
  }
});

test.each(["en", "zh"])("every alert has a severity, a summary and a runbook, in %s as well", (language) => {
  const page = readFileSync(join(ROOT, `k8s/handbook/${language}/runbooks.md`), "utf8");
  const sections = page.split(/^## /m).slice(1);
  for (const { alert, labels, annotations } of ALERTS) {
    expect(labels?.severity, alert).toMatch(/^(page|ticket)$/);
    expect(annotations?.summary.length, alert).toBeGreaterThan(20);
    expect(annotations?.runbook, alert).toBe(`k8s/handbook/en/runbooks.md#${alert!.toLowerCase()}`);
    const section = sections.find((each) => each.split(/\s/)[0] === alert);
    expect(section?.length, `${alert} in ${language}`).toBeGreaterThan(80);
  }
  const known = ALERTS.map(({ alert }) => alert);
  expect(
    sections.map((each) => each.split(/\s/)[0]!).filter((name) => name.startsWith("Cairn") && !known.includes(name)),
  ).toEqual([]);
});

test("every series and label of a rule or a panel exists in the running application, or is a known exporter's", () => {
  const recorded = new Set(RULES.flatMap(({ record }) => record ?? []));
  const uses = [...RULES.map(({ expr, alert, record }) => ({ where: alert ?? record!, expr })), ...panels];
  let seen = 0;
  for (const { where, expr } of uses) {
    for (const { series, labels } of seriesOf(expr)) {
      if (recorded.has(series) || external.has(series)) continue;
      const has = served.get(series);
      expect(has, `${where}: ${series}`).toBeDefined();
      const missing = has!.has("*") ? [] : labels.filter((label) => !has!.has(label) && !TARGET_LABELS.includes(label));
      expect(missing, `${where}: ${series}`).toEqual([]);
      seen += 1;
    }
  }
  expect(seen).toBeGreaterThan(60);
});

test("a query that names a series which nobody gives is found out", () => {
  expect(
    seriesOf('sum by (pod) (rate(cairn_gone_total{outcome="x"}[5m])) / on (pod) up').map(({ series }) => series),
  ).toEqual(["cairn_gone_total", "up"]);
  expect(served.has("cairn_gone_total")).toBe(false);
});

test.skipIf(!PROMTOOL)(`every query of a dashboard is PromQL${WHY}`, () => {
  const rules = panels.map(({ expr }, at) => ({ record: `panel:${at}`, expr }));
  expect(promtool(["check", "rules", "rules.yaml"], { groups: [{ name: "panels", rules }] })).toBe("");
});

const panelSchema = z.object({
  id: z.number(),
  type: z.literal("timeseries"),
  title: z.string().min(3),
  description: z.string().min(20),
  gridPos: z.object({ x: z.number().max(12), y: z.number(), w: z.literal(12), h: z.literal(8) }),
  targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })).min(1),
});
const dashboardSchema = z.object({
  uid: z.string().max(40),
  title: z.string(),
  schemaVersion: z.literal(39),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })).length(2) }),
  panels: z.array(panelSchema).min(5),
});

test.each(DASHBOARDS.map((dashboard) => [dashboard.title, dashboard] as const))(
  "the dashboard %s is what its source says, and Grafana's form",
  (_, dashboard) => {
    const text = readFileSync(fileOf(dashboard), "utf8");
    expect(text, "npm run dashboards").toBe(textOf(dashboard));
    const { panels } = dashboardSchema.parse(JSON.parse(text));
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x},${y}`)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  },
);
