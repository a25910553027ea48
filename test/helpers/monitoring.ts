import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";

const ROOT = join(import.meta.dirname, "../..");
const TESTS = join(ROOT, "test/promtool");

export type Rule = {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: { severity: string };
  readonly annotations?: { summary: string; runbook: string };
};
type Groups = { groups: { name: string; rules: Rule[] }[] };
type PromtoolTest = { tests: { name: string; alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[] };

const spec = (
  parse(readFileSync(join(ROOT, "k8s/components/monitoring/prometheus-rule.yaml"), "utf8")) as { spec: Groups }
).spec;

export const RULES: readonly Rule[] = spec.groups.flatMap(({ rules }) => rules);
export const ALERTS = RULES.filter((rule) => rule.alert !== undefined);
export const TEST_FILES = globSync("*.yaml", { cwd: TESTS }).sort();
export const PROMTOOL = spawnSync("promtool", ["--version"]).status === 0;

/** What promtool's tests expect of each alert, in the order of the files. */
export const EXPECTATIONS = TEST_FILES.flatMap((file) =>
  (parse(readFileSync(join(TESTS, file), "utf8")) as PromtoolTest).tests.flatMap((each) => each.alert_rule_test),
);

/** Runs promtool in a folder with the rules (`rules.yaml`) and their tests. Resolves to its output when it fails. */
export function promtool(args: readonly string[], groups: Groups = spec): string {
  const folder = mkdtempSync(join(tmpdir(), "promtool-"));
  try {
    cpSync(TESTS, folder, { recursive: true });
    writeFileSync(join(folder, "rules.yaml"), stringify(groups));
    const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: folder, encoding: "utf8" });
    return status === 0 ? "" : `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
