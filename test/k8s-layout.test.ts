import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";

const K8S = join(import.meta.dirname, "../k8s");
const PATCH_LINES = 15;
const README_LINES = 12;

type Kustomization = {
  kind: string;
  resources?: string[];
  components?: string[];
  patches?: { path?: string; patch?: string }[];
  configMapGenerator?: { name: string }[];
  images?: { name: string; newTag?: string; digest?: string }[];
};

const textOf = (file: string): string => readFileSync(join(K8S, file), "utf8");
const KUSTOMIZATIONS = globSync("**/kustomization.yaml", { cwd: K8S }).sort();
const read = (file: string): Kustomization => parse(textOf(file)) as Kustomization;

test("every file is used by a kustomization beside it, read by a person, or named by one", () => {
  const used = new Set<string>();
  for (const file of KUSTOMIZATIONS) {
    used.add(file);
    for (const [name] of textOf(file).matchAll(/[\w./-]+\.(?:yaml|json|mjs|template)\b/g))
      used.add(join(dirname(file), name));
  }
  const all = globSync("**/*.{yaml,json,mjs,template}", { cwd: K8S }).map((file) => normalize(file));
  // Rules for a program outside of the cluster's objects.
  const outside = ["components/autoscaling-hpa/prometheus-adapter.yaml"];
  expect(all.filter((file) => !used.has(file) && !outside.includes(file))).toEqual([]);
});

test("every component is part of an overlay or a combination, and tells in a few lines what it needs", () => {
  const taken = new Set(
    KUSTOMIZATIONS.filter((file) => /^(overlays|combinations|components)\//.test(file)).flatMap((file) =>
      (read(file).components ?? []).map((path) => normalize(join(dirname(file), path))),
    ),
  );
  for (const file of KUSTOMIZATIONS.filter((each) => read(each).kind === "Component")) {
    const folder = dirname(file);
    expect(
      [...taken].some((each) => each === folder || folder.startsWith(`${each}/`)),
      folder,
    ).toBe(true);
    const top = join("components", folder.split("/")[1]!);
    const readme = textOf(join(top, "README.md"));
    expect(readme.split("\n").length, top).toBeLessThanOrEqual(README_LINES);
    expect(readme, top).toMatch(new RegExp(`^# ${basename(top)}\n`));
  }
});

test("one component at most brings the route file, for the last one would take the place of the others unseen", () => {
  const brings = (folder: string): boolean =>
    (read(join(folder, "kustomization.yaml")).configMapGenerator ?? []).some(({ name }) => name === "gateway-routes");
  for (const file of KUSTOMIZATIONS.filter((each) => /^(overlays|combinations)\//.test(each))) {
    const folders = (read(file).components ?? []).map((path) => normalize(join(dirname(file), path)));
    expect(folders.filter(brings).length, file).toBeLessThanOrEqual(1);
  }
});

test("patches are short, merge by name and touch one object", () => {
  for (const file of KUSTOMIZATIONS) {
    const { patches = [] } = read(file);
    if (file.startsWith("overlays/")) expect(patches.length, file).toBeLessThanOrEqual(3);
    for (const { path, patch } of patches) {
      expect(patch, `${file}: in a file of its own`).toBeUndefined();
      const text = textOf(join(dirname(file), path!));
      expect(text.trimEnd().split("\n").length, path).toBeLessThanOrEqual(PATCH_LINES);
      expect(parseAllDocuments(text), path).toHaveLength(1);
      expect(text, path).toMatch(/^kind: /m);
    }
  }
});

test("images of others are pinned: a tag for people and a digest for machines", () => {
  for (const file of KUSTOMIZATIONS) {
    for (const { name, newTag, digest } of read(file).images ?? []) {
      if (name.startsWith("cairn/")) continue;
      expect(newTag, `${file} ${name}`).toMatch(/^v?\d/);
      expect(digest, `${file} ${name}`).toMatch(/^sha256:[0-9a-f]{64}$/);
    }
  }
});

test("one file a kind in each folder of the base, named after it", () => {
  for (const file of globSync("base/*/*.yaml", { cwd: K8S })) {
    const kinds = new Set([...textOf(file).matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind!));
    if (/kustomization|routes\.yaml$/.test(file)) continue;
    expect(kinds.size, file).toBe(1);
    const name = [...kinds][0]!.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
    expect(basename(file, ".yaml"), file).toMatch(new RegExp(`^(backup-)?${name}$`));
  }
});

test("the operator's handbook has the same pages in both languages, one title each", () => {
  const [en, zh] = ["en", "zh"].map((language) =>
    globSync(`handbook/${language}/*.md`, { cwd: K8S })
      .map((file) => basename(file))
      .sort(),
  );
  expect(en).toEqual(zh);
  expect(en).toHaveLength(7);
  for (const file of globSync("handbook/*/*.md", { cwd: K8S })) {
    expect(
      textOf(file)
        .replaceAll(/```[\s\S]*?```/g, "")
        .match(/^# /gm),
      file,
    ).toHaveLength(1);
  }
});

/** What an operator types: blocks of code without their comments, and commands inside of sentences. */
function commandsOf(page: string): { blocks: string[]; inline: string[] } {
  const language = /handbook\/(en|zh)\//.exec(page)![1]!;
  const text = textOf(page).replaceAll(`docs/${language}`, "docs/…");
  const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, code]) => code!.replaceAll(/^\s*#.*\n/gm, ""));
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "");
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
  return { blocks, inline: inline.filter((code) => /^(kubectl|docker|npm|curl|CAIRN_\w+=\S+) /.test(code)).sort() };
}

test.each(globSync("handbook/en/*.md", { cwd: K8S }))("%s has the same commands in the other language", (page) => {
  expect(commandsOf(page.replace("/en/", "/zh/"))).toEqual(commandsOf(page));
});

test("links of the READMEs and of the operator's handbook lead somewhere", () => {
  for (const file of globSync("{**/README.md,handbook/*/*.md}", { cwd: K8S })) {
    for (const [, target] of textOf(file).matchAll(/\]\(([^)#]+)\)/g)) {
      expect(existsSync(join(K8S, dirname(file), target!)), `${file} → ${target}`).toBe(true);
    }
  }
});
