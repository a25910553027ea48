import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const HARD_LIMIT_LINES = 400;
const TEST_LIMIT_LINES = 300;
const SOURCES = globSync("{services,ingest,evals,bench}/**/*.ts").sort();
const TESTS = globSync("test/**/*.ts").sort();
const FILES = [...SOURCES, ...TESTS];

type Import = { readonly from: string; readonly typeOnly: boolean };

const textOf = (file: string): string => readFileSync(file, "utf8");

/** Every import and re-export of a file; our own ones as a path from the root. */
function importsOf(file: string): Import[] {
  const found = textOf(file).matchAll(
    /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|import\("([^"]+)"\)/gm,
  );
  return [...found].map(([, typeOnly, from, lazily]) => {
    const specifier = from ?? lazily ?? "";
    const ours = specifier.startsWith("#shared/")
      ? specifier.replace("#shared/", "services/shared/")
      : specifier.startsWith(".")
        ? normalize(join(dirname(file), specifier))
        : specifier;
    return { from: ours, typeOnly: typeOnly !== undefined };
  });
}

const inside = (pattern: string): string[] => globSync(pattern).sort();

/** [who, may not import, except, why] */
const LAYERS: [who: string, banned: RegExp, except: RegExp, why: string][] = [
  [
    "services/shared/**/*.ts",
    /^(services\/(?!shared\/)|ingest\/|evals\/|bench\/|test\/)/,
    /^$/,
    "shared knows nothing above it",
  ],
  [
    "services/retrieval-api/**/*.ts",
    /^(services\/(?!shared\/|retrieval-api\/)|ingest\/)/,
    /^$/,
    "services speak HTTP to each other",
  ],
  [
    "services/gateway/**/*.ts",
    /^(services\/(?!shared\/|gateway\/)|ingest\/)/,
    /^$/,
    "services speak HTTP to each other",
  ],
  ["ingest/**/*.ts", /^services\/(?!shared\/)/, /^$/, "services speak HTTP to each other"],
  [
    "services/local/**/*.ts",
    /^(services\/(?!shared\/|local\/)|ingest\/)/,
    /\/app\.ts$/,
    "the local process wires apps, nothing deeper",
  ],
  ["services/cli/**/*.ts", /^(services\/(?!shared\/|cli\/)|ingest\/)/, /^$/, "the command line speaks HTTP"],
  ["{services,ingest,evals}/**/*.ts", /^(test|bench)\//, /^$/, "the product does not know its tests"],
];

test.each(LAYERS)("%s does not import %s except %s (%s)", (who, banned, except) => {
  for (const file of inside(who)) {
    const wrong = importsOf(file).filter(({ from }) => banned.test(from) && !except.test(from));
    expect(wrong, file).toEqual([]);
  }
});

/** [package, who alone may import it] */
const OWNERS: [what: RegExp, owner: RegExp][] = [
  [/^(fastify|@fastify\/.*)$/, /(\/routes\/.*|\/app|shared\/(server|probes|cancel|sse|caller))\.ts$/],
  [/^node:sqlite$/, /\/sqlite[^/]*\.ts$/],
  [/^(undici|openai)$/, /^services\/gateway\/upstreams\//],
  [/^@langchain\//, /\/langchain[^/]*\.ts$/],
  [/^pg$/, /\/postgres[^/]*\.ts$/],
  [/^@qdrant\//, /\/qdrant[^/]*\.ts$/],
];

test.each(OWNERS)("%s is imported by %s alone", (what, owner) => {
  for (const file of SOURCES.filter((name) => !owner.test(name))) {
    const wrong = importsOf(file).filter(({ from, typeOnly }) => what.test(from) && !typeOnly);
    expect(wrong, file).toEqual([]);
  }
});

test("only main files read the environment and exit", () => {
  for (const file of SOURCES.filter(
    (name) => !/(\/main|^bench\/run|shared\/(shutdown|run-main)|-child)\.ts$/.test(name),
  )) {
    expect(textOf(file), file).not.toMatch(/process\.(env|exit)\b/);
  }
});

test("only main files, and what serves several in one process, listen", () => {
  const listeners = /\/main\.ts$|^services\/local\/app\.ts$|^services\/shared\/(server|serve-operations)\.ts$|^bench\//;
  for (const file of SOURCES.filter((name) => !listeners.test(name))) {
    expect(textOf(file), file).not.toMatch(/\blisten\(/);
  }
});

/** [what is imported, who alone may import it] */
const ONE_WAY: [what: RegExp, by: RegExp][] = [
  [/\/main\.ts$/, /^$/],
  [/^(services|ingest)\/.*\/app\.ts$/, /\/main\.ts$|^(services\/local|bench)\//],
  [/\/routes\//, /\/(app|main)\.ts$|\/routes\//],
];

test.each(ONE_WAY)("imports go one way, main → app → routes → domain: %s is imported by %s alone", (what, by) => {
  for (const file of SOURCES.filter((name) => !by.test(name))) {
    expect(
      importsOf(file).filter(({ from }) => what.test(from)),
      file,
    ).toEqual([]);
  }
});

test("no import goes round in a circle", () => {
  const edges = new Map(
    SOURCES.map((file) => [
      file,
      importsOf(file)
        .filter(({ typeOnly }) => !typeOnly)
        .map(({ from }) => from),
    ]),
  );
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) throw new Error([...path, file].join(" → "));
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) if (edges.has(next)) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of SOURCES) visit(file, []);
});

test("files are short", () => {
  const long = FILES.map((file) => [file, textOf(file).split("\n").length - 1] as const).filter(
    ([file, lines]) => lines > (file.startsWith("test/") ? TEST_LIMIT_LINES : HARD_LIMIT_LINES),
  );
  expect(long).toEqual([]);
});

test("no any, no ignored error, no enum, no default export", () => {
  for (const file of FILES.filter((name) => name !== "test/architecture.test.ts")) {
    const code = textOf(file);
    expect(code, file).not.toMatch(/(:\s*any\b|\bas any\b|<any>|@ts-ignore|@ts-nocheck|@ts-expect-error)/);
    expect(code, file).not.toMatch(/^\s*(export\s+)?(const\s+)?enum\s/m);
    expect(code, file).not.toMatch(/^export default/m);
  }
});

test("no barrels and no drawers: a file is named after what it is", () => {
  // The search index's contract is the one index.ts.
  const barrels = SOURCES.filter((file) => /\/index\.ts$/.test(file) && file !== "services/shared/index.ts");
  expect(barrels).toEqual([]);
  expect(SOURCES.filter((file) => /\/(utils?|helpers?|common|types|manager)\.ts$/.test(file))).toEqual([]);
  for (const file of SOURCES.filter((name) => !name.endsWith("/app.ts"))) {
    expect(textOf(file), file).not.toMatch(/^export (\*|\{[^}]*\}) from/m);
  }
});
