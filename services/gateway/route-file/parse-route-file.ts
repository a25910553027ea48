import type { Env } from "#shared/env.ts";
import type { RouteTable } from "../routing/route-table.ts";
import { checkReferences } from "./check-references.ts";
import { invalidRouteFile, type Mistake } from "./mistake.ts";
import { readYaml } from "./read-yaml.ts";
import { resolveRouteFile } from "./resolve.ts";
import { routeFileSchema } from "./schema.ts";

/** `warnings` are sentences about what works and was probably not meant. */
export type ParsedRouteFile = { readonly table: RouteTable; readonly warnings: string[] };

/**
 * Reads a route file. `env` holds the secrets that the file names. Throws one error with every mistake, each with its
 * path, what to do and its line, so that one look at the message repairs the file.
 */
export function parseRouteFile(text: string, env: Env): ParsedRouteFile {
  const { value, mistakes, lineOf } = readYaml(text);
  if (value === undefined) throw invalidRouteFile(mistakes, lineOf);

  const shape = routeFileSchema(env).safeParse(value);
  const all = [...mistakes, ...(shape.error?.issues ?? []).map(mistakeOf), ...checkReferences(value)];
  if (!shape.success || all.length > 0) throw invalidRouteFile(all, lineOf);

  const table = resolveRouteFile(shape.data, env);
  return { table, warnings: unusedUpstreams(table) };
}

type Issue = { readonly code: string; readonly path: readonly PropertyKey[]; readonly message: string };

function mistakeOf({ code, path, message }: Issue): Mistake {
  const steps = path.filter((step) => typeof step !== "symbol");
  // A name that is no name may be a secret in the wrong place: say where, not what.
  return { path: code === "invalid_key" ? steps.slice(0, -1) : steps, problem: message };
}

function unusedUpstreams({ upstreams, models }: RouteTable): string[] {
  const used = new Set(
    [...models.values()].flatMap(({ tiers, shadow }) => [
      ...tiers.flat().flatMap((arm) => arm.upstreams),
      ...(shadow ? [shadow.upstream] : []),
    ]),
  );
  return [...upstreams.keys()]
    .filter((name) => !used.has(name))
    .map((name) => `upstreams.${name}: no model uses it. Name it in a tier, or remove it.`);
}
