import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";

const textOf = (file: string): string => readFileSync(file, "utf8");
const PAGES = globSync("docs/{en,zh}/*.md").sort();
const README = textOf("README.md");

const SETTINGS = [
  ...new Set(
    globSync("{services,ingest}/**/{main,state-settings,source-settings}.ts").flatMap(
      (file) => textOf(file).match(/\b(CAIRN|OPENAI|DATABASE|QDRANT|AWS)_[A-Z][A-Z0-9_]+\b/g) ?? [],
    ),
  ),
].sort();

test.each(["README.md", "docs/en/configuration.md", "docs/zh/configuration.md"])(
  "%s names every setting of the code",
  (file) => {
    expect(SETTINGS.filter((name) => !textOf(file).includes(name))).toEqual([]);
  },
);

test.each(["docs/en/errors.md", "docs/zh/errors.md"])("%s explains every error code", (file) => {
  const table = /const STATUS = \{([^}]*)\}/.exec(textOf("services/shared/errors.ts"))![1]!;
  const codes = [...table.matchAll(/(\w+):/g)].map(([, code]) => code!);
  expect(codes.length).toBeGreaterThan(10);
  expect([...codes, "internal"].filter((code) => !textOf(file).includes(code))).toEqual([]);
});

test("the handbook has the same pages in both languages, one title each", () => {
  const names = (language: string): string[] =>
    globSync(`docs/${language}/*.md`)
      .map((file) => basename(file))
      .sort();
  expect(names("en")).toEqual(names("zh"));
  expect(names("en").length).toBeGreaterThanOrEqual(15);
  for (const page of PAGES) {
    const prose = textOf(page).replaceAll(/```[\s\S]*?```/g, "");
    expect(prose.match(/^# /gm), page).toHaveLength(1);
  }
});

test("links and paths lead somewhere", () => {
  for (const file of ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...PAGES]) {
    for (const [, target] of textOf(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      expect(existsSync(join(dirname(file), target!)), `${file} → ${target}`).toBe(true);
    }
  }
  for (const [, path] of README.matchAll(/`((?:services|ingest|releases|docs|bench|test)(?:\/[\w.-]+)*)`/g)) {
    expect(existsSync(path!), `README.md → ${path}`).toBe(true);
  }
});

test("the README is short", () => {
  expect(README.split("\n").length).toBeLessThanOrEqual(151);
});
