import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";

const ROOT = join(import.meta.dirname, "..");
const EDGE = readFileSync(join(ROOT, "k8s/components/edge/default.conf.template"), "utf8");
const ROUTE = parse(readFileSync(join(ROOT, "k8s/components/gateway-api-route/http-route.yaml"), "utf8")) as {
  spec: { rules: { matches: { path: { type: string; value: string } }[]; backendRefs: { name: string }[] }[] };
};

/** The first parts of the paths that a service registers: `/v1/documents`. */
const servedBy = (folder: string): string[] => {
  const code = globSync(`${folder}/**/*.ts`, { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), "utf8"));
  const paths = code.flatMap((text) => [...text.matchAll(/\.(?:get|post|put|patch|delete)\(\s*"(\/v1\/[a-z-]+)/g)]);
  return [...new Set(paths.map(([, path]) => path!))].sort();
};
const INGESTION = servedBy("ingest/api");

test("both ways to one origin lead the paths of the ingestion API there, and no other", () => {
  expect(INGESTION).toContain("/v1/documents");
  const [rule] = ROUTE.spec.rules.filter(({ backendRefs }) => backendRefs[0]!.name === "ingest-api");
  expect(rule!.matches.map(({ path }) => path.value).sort()).toEqual(INGESTION);
  const [, names] = /location ~ \^\/v1\/\(([a-z|-]+)\)\(\/\|\$\) \{ proxy_pass \$ingest; \}/.exec(EDGE)!;
  expect(names!.split("|").map((name) => `/v1/${name}`)).toEqual(INGESTION);
});

test("no path of the retrieval API begins as one of the ingestion API does", () => {
  const others = servedBy("services/retrieval-api");
  expect(others).toContain("/v1/search");
  expect(others.filter((path) => INGESTION.includes(path))).toEqual([]);
});
