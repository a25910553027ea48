import { type Mistake, type Path, quoted } from "./mistake.ts";
import { nearestName } from "./nearest-name.ts";

/** Names become labels of metrics and values of headers. */
const NAME = /^[A-Za-z0-9][\w.:/@-]{0,99}$/;
/** A generated file may have thousands of names, and a mistake in each. */
const maxListed = 20;
const maxCompared = 200;

type Model = {
  readonly alias: string;
  readonly kind: unknown;
  readonly fallback: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
};

/**
 * Whether the names in a file lead somewhere. Takes the file as it was written and passes over what has a wrong type, so
 * that these mistakes are told beside those of the types and not after them.
 */
export function checkReferences(file: unknown): Mistake[] {
  const upstreams = recordOf(recordOf(file).upstreams);
  const models = Object.entries(recordOf(recordOf(file).models)).map(([alias, value]): Model => {
    const fields = recordOf(value);
    return { alias, kind: fields.kind ?? "chat", fallback: fields.fallback, fields };
  });
  return [
    ...Object.keys(upstreams).flatMap((name) => checkName(["upstreams", name], name)),
    ...models.flatMap(({ alias }) => checkName(["models", alias], alias)),
    ...models.flatMap((model) => [...checkUpstreams(model, upstreams), ...checkFallback(model, models)]),
    ...models.filter(({ kind, fields }) => kind === "chat" && fields.hedge_after_ms !== undefined).map(noHedge),
    ...models.filter(({ kind, fields }) => kind !== "chat" && fields.shadow !== undefined).map(noShadow),
    ...models.filter(({ kind }) => kind !== "embed").flatMap(noPrefixes),
    ...cycles(models),
  ];
}

/** What kind of model each embedded upstream is. */
const SERVES = new Map<unknown, string>([
  ["extractive", "chat"],
  ["onnx", "embed"],
]);

const checkName = (path: Path, name: string): Mistake[] =>
  NAME.test(name) ? [] : [{ path, problem: "is no name: take letters, digits and . _ : / @ - only, 100 at most." }];

const noHedge = ({ alias }: Model): Mistake => ({
  path: ["models", alias, "hedge_after_ms"],
  problem: "is for embed and rerank: a second answer of a chat model would be paid for and thrown away. Remove it.",
});

const noShadow = ({ alias }: Model): Mistake => ({
  path: ["models", alias, "shadow"],
  problem: "is for chat: only answers are compared. Remove it.",
});

const noPrefixes = ({ alias, fields }: Model): Mistake[] =>
  ["query_prefix", "passage_prefix"]
    .filter((name) => fields[name] !== undefined)
    .map((name) => ({ path: ["models", alias, name], problem: "is for embed only. Remove it." }));

function checkUpstreams({ alias, kind, fields }: Model, upstreams: Readonly<Record<string, unknown>>): Mistake[] {
  const inTiers = mentionsOf(fields.tiers, ["models", alias, "tiers"]);
  const shadow = textsOf([recordOf(fields.shadow).upstream]);
  const mentions = [...inTiers, ...shadow.map((name) => ({ name, path: ["models", alias, "shadow", "upstream"] }))];
  const known = Object.keys(upstreams);

  const unknown = mentions
    .filter(({ name }) => !Object.hasOwn(upstreams, name))
    .map(({ name, path }) => ({ path, problem: isNo("upstream", name, known) }));
  const first = new Map(inTiers.toReversed().map((mention) => [mention.name, mention]));
  const repeated = inTiers
    .filter((mention) => first.get(mention.name) !== mention)
    .map(({ name, path }) => ({
      path,
      problem: `names the upstream ${quoted(name)} again. Keep one place in a model.`,
    }));
  const answersOnly = mentions.flatMap(({ name, path }) => {
    const served = SERVES.get(recordOf(upstreams[name]).embedded);
    if (served === undefined || served === kind) return [];
    const what = served === "chat" ? "answers chat only" : "makes embeddings only";
    return {
      path,
      problem: `names ${quoted(name)}, which is embedded and ${what}. Take a model server, or remove it.`,
    };
  });
  return [...unknown, ...repeated, ...answersOnly];
}

function checkFallback({ alias, kind, fallback }: Model, models: readonly Model[]): Mistake[] {
  if (typeof fallback !== "string") return [];
  const path = ["models", alias, "fallback"];
  const target = models.find((model) => model.alias === fallback);
  if (!target)
    return [
      {
        path,
        problem: isNo(
          "model",
          fallback,
          models.map((model) => model.alias),
        ),
      },
    ];
  if (target.kind === kind) return [];
  return [{ path, problem: `is of another kind: ${quoted(fallback)} cannot answer for a model of this one.` }];
}

/** Every circle of fallbacks, once. A model has one fallback at most, so a walk from each is all there is. */
function cycles(models: readonly Model[]): Mistake[] {
  const next = new Map(models.map(({ alias, fallback }) => [alias, fallback]));
  const done = new Set<unknown>();
  return models.flatMap(({ alias }) => {
    const walk: unknown[] = [];
    let at: unknown = alias;
    while (typeof at === "string" && next.has(at) && !done.has(at)) {
      done.add(at);
      walk.push(at);
      at = next.get(at);
    }
    const start = walk.indexOf(at);
    if (start < 0) return [];
    const circle = [...walk.slice(start), at];
    const problem = `goes round in a circle: ${circle.join(" → ")}. Remove one of these fallbacks.`;
    return [{ path: ["models", String(at), "fallback"], problem }];
  });
}

function mentionsOf(tiers: unknown, path: Path): { readonly name: string; readonly path: Path }[] {
  if (typeof tiers === "string") return [{ name: tiers, path }];
  if (Array.isArray(tiers)) return tiers.flatMap((item: unknown, index) => mentionsOf(item, [...path, index]));
  const { upstreams } = recordOf(tiers);
  return upstreams === undefined ? [] : mentionsOf(upstreams, [...path, "upstreams"]);
}

function isNo(what: string, name: string, known: readonly string[]): string {
  const near = nearestName(name, known.slice(0, maxCompared));
  const some = known.slice(0, maxListed).join(", ") || "none";
  const more = known.length > maxListed ? ` and ${known.length - maxListed} more` : "";
  return `there is no ${what} ${quoted(name)}.${near ? ` Was ${near} meant?` : ""} There are: ${some}${more}.`;
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

const textsOf = (values: readonly unknown[]): string[] => values.filter((value) => typeof value === "string");
