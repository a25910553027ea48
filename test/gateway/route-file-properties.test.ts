import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { parseRouteFile } from "../../services/gateway/route-file/parse-route-file.ts";
import { DEFAULT_EMBEDDING_CACHE } from "../../services/gateway/routing/default-routes.ts";
import type {
  Limits,
  ModelSettings,
  RouteTable,
  UpstreamSettings,
} from "../../services/gateway/routing/route-table.ts";

const ENV = { KEY: "sk-secret", SALT: "salt" };
const MIB = 1024 * 1024;

const name = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9][\w.:/@-]{0,12}$/),
  fc.constantFrom("constructor", "toString", "1e3", "007", "null", "yes", "0x10"),
);
const whole = (min: number, max: number) => fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
const ms = whole(1, 86_400_000);
const count = whole(1, 1_000_000_000);
const share = fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs);
const price = fc.double({ min: 0, max: 1e6, noNaN: true }).map(Math.abs);

const limits: fc.Arbitrary<Limits> = fc.record(
  {
    requestsPerMinute: count,
    tokensPerMinute: count,
    concurrentStreams: count,
    tokensPerDay: whole(1, Number.MAX_SAFE_INTEGER),
    costPerDay: fc.double({ min: 0.01, max: 1e9, noNaN: true }),
  },
  { requiredKeys: [] },
);

const upstream = (named: string): fc.Arbitrary<UpstreamSettings> =>
  fc.oneof(
    fc.record({ kind: fc.constant("embedded" as const), name: fc.constant(named), maxConcurrent: count }),
    fc.record({
      kind: fc.constant("openai" as const),
      name: fc.constant(named),
      baseUrl: fc.constantFrom("http://a:8000/v1", "https://b.example/openai/v1", "http://[::1]:1/v1"),
      apiKey: fc.constantFrom(undefined, ENV.KEY),
      model: fc.option(fc.constantFrom("qwen3", "Qwen/Qwen3-8B", "7", "yes", "#x: y"), { nil: undefined }),
      maxConcurrent: count,
      timeouts: fc.record({ connectMs: ms, headersMs: ms, firstTokenMs: ms, idleMs: ms, totalMs: ms }),
      price: fc.record({ inputPerMillion: price, outputPerMillion: price }),
      probeMs: whole(100, 86_400_000),
      cacheSaltSecret: fc.constantFrom(undefined, ENV.SALT),
    }),
  );

/** `names` are upstreams that may serve any kind of model. */
const model = (alias: string, names: readonly string[]): fc.Arbitrary<ModelSettings> =>
  fc
    .record({
      alias: fc.constant(alias),
      kind: fc.constantFrom("chat", "embed", "rerank"),
      tiers: fc
        .tuple(
          fc.shuffledSubarray([...names], { minLength: 1 }),
          fc.array(fc.nat(3), { minLength: 1 }),
          fc.integer({ min: 1, max: 99 }),
        )
        .map(([members, cuts, weight]) => {
          const arms = members.map((member, index) => ({ upstreams: [member], weight: weight + index }));
          const at = (cuts[0]! % arms.length) + 1;
          return [arms.slice(0, at), arms.slice(at)].filter((tier) => tier.length > 0);
        }),
      queue: fc.record({ maxRequests: count, maxBytes: whole(1, 2 ** 40), maxWaitMs: ms }),
      waitingRoomMs: whole(0, 86_400_000),
      maxAttempts: whole(1, 100),
      shadow: fc.option(fc.record({ upstream: fc.constantFrom(...names), share }), { nil: undefined }),
      cache: fc.option(
        fc.record({ ttlMs: whole(1, 86_400).map((s) => s * 1000), maxBytes: whole(1, 65_536).map((mb) => mb * MIB) }),
        { nil: undefined },
      ),
      hedgeAfterMs: fc.option(ms, { nil: undefined }),
    })
    .map((made) => (made.kind === "chat" ? { ...made, hedgeAfterMs: undefined } : { ...made, shadow: undefined }));

const named = <T>(
  keys: readonly string[],
  of: (key: string) => fc.Arbitrary<T>,
): fc.Arbitrary<ReadonlyMap<string, T>> =>
  fc.tuple(...keys.map((key) => of(key))).map((values) => new Map(values.map((value, index) => [keys[index]!, value])));

const names = fc.uniqueArray(name, { minLength: 1, maxLength: 4 });
const table: fc.Arbitrary<RouteTable> = fc
  .tuple(names, names, names, fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{12}$/), { maxLength: 3 }))
  .chain(([upstreams, aliases, tenants, keys]) =>
    named(upstreams, upstream).chain((served) => {
      const anyKind = [...served.values()].filter(({ kind }) => kind === "openai").map((settings) => settings.name);
      return fc.record({
        upstreams: fc.constant(served),
        models: named(aliases, (alias) =>
          anyKind.length > 0
            ? model(alias, anyKind)
            : model(alias, upstreams).map((made) => ({ ...made, kind: "chat" as const, hedgeAfterMs: undefined })),
        ),
        limits: fc.record({
          default: limits,
          tenants: named(tenants, () => limits),
          keys: named(keys, () => limits),
        }),
      });
    }),
  );

const record = <T>(map: ReadonlyMap<string, T>, of: (value: T) => unknown): Record<string, unknown> =>
  Object.fromEntries([...map].map(([key, value]) => [key, of(value)]));

const SNAKE = /[A-Z]/g;
/** The fields of a part of the table as a file has them; what is undefined is left out. */
const snake = (part: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(part)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key.replaceAll(SNAKE, (letter) => `_${letter.toLowerCase()}`), value]),
  );

function upstreamInFile(settings: UpstreamSettings): unknown {
  if (settings.kind !== "openai") return { embedded: "extractive", max_concurrent: settings.maxConcurrent };
  const { kind: _kind, name: _name, apiKey, cacheSaltSecret, timeouts, price, ...rest } = settings;
  return {
    ...snake({ ...rest, timeouts: snake(timeouts), price: snake(price) }),
    ...(apiKey ? { api_key_env: "KEY" } : {}),
    ...(cacheSaltSecret ? { cache_salt_env: "SALT" } : {}),
  };
}

function modelInFile({ alias: _alias, queue, cache, ...rest }: ModelSettings): unknown {
  const kept = cache && { ttl_s: cache.ttlMs / 1000, max_mb: cache.maxBytes / MIB };
  return snake({ ...rest, queue: snake(queue), cache: kept });
}

const fileOf = ({ upstreams, models, limits }: RouteTable): Record<string, unknown> => ({
  upstreams: record(upstreams, upstreamInFile),
  models: record(models, modelInFile),
  limits: { default: snake(limits.default), tenants: record(limits.tenants, snake), keys: record(limits.keys, snake) },
});

const messageOf = (text: string): string => {
  try {
    parseRouteFile(text, ENV);
    return "valid";
  } catch (error) {
    return error instanceof Error ? error.message : "no error";
  }
};

/** Embeddings are cached unless told otherwise. */
const withDefaults = ({ models, ...rest }: RouteTable): RouteTable => ({
  ...rest,
  models: new Map(
    [...models].map(([alias, model]) => {
      const cache = model.cache ?? (model.kind === "embed" ? DEFAULT_EMBEDDING_CACHE : undefined);
      return [alias, { ...model, cache }];
    }),
  ),
});

test("any table comes back from the file that says it", () => {
  fc.assert(
    fc.property(table, (wanted) => {
      expect(parseRouteFile(stringify(fileOf(wanted)), ENV).table).toEqual(withDefaults(wanted));
    }),
  );
});

type Place = { readonly holder: Record<string, unknown>; readonly key: string };

const placesIn = (value: unknown): Place[] =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => [
        { holder: value as Record<string, unknown>, key },
        ...placesIn(inner),
      ]);

test("any value of a wrong type is an error that is told, whatever else is right", () => {
  fc.assert(
    fc.property(table, fc.nat(), fc.constantFrom([[]], true, null, { x: 1 }, -1.5), (wanted, pick, wrong) => {
      const file = fileOf(wanted);
      const places = placesIn(file);
      const { holder, key } = places[pick % places.length]!;
      holder[key] = wrong;
      const message = messageOf(stringify(file));
      expect(message).toMatch(/^Invalid route file:\n {2}\S/);
      if (/^[a-z_]+$/.test(key)) expect(message).toContain(key);
    }),
  );
});

test("any text is a table or an error with a sentence, never a crash", () => {
  const piece = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 6 }),
    fc.constantFrom(
      "\n",
      "  ",
      "- ",
      "{",
      "}",
      "[",
      "]",
      ": ",
      "&a ",
      "*a",
      "---\n",
      "!!x ",
      "<<: ",
      "? ",
      "'",
      "| ",
      "#",
      "__proto__: ",
    ),
  );
  const edit = fc.tuple(fc.nat(), fc.nat(20), piece);
  fc.assert(
    fc.property(table, fc.array(edit, { minLength: 1, maxLength: 4 }), (wanted, edits) => {
      let text = stringify(fileOf(wanted));
      for (const [at, length, put] of edits) {
        const start = at % (text.length + 1);
        text = text.slice(0, start) + put + text.slice(start + length);
      }
      expect(messageOf(text)).toMatch(/^(valid$|Invalid route file:\n {2}\S)/);
    }),
    { numRuns: 200 },
  );
});

const bomb = [
  "a: &a0 [x, x, x]",
  ...Array.from({ length: 30 }, (_, i) => `b${i}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`),
];

test.each([
  ["an empty file", "", "the file: is empty."],
  ["only comments", "# later\n", "the file: is empty."],
  ["prose", "Dear reader", "the file: must be a mapping with upstreams and models, not text."],
  ["a list", "- a", "the file: must be a mapping with upstreams and models, not a list."],
  [
    "no models",
    "upstreams: { a: { base_url: http://a/v1 } }",
    "models: is missing. It must be a mapping of models by alias. (line 1)",
  ],
  [
    "nothing in it",
    "upstreams: {}\nmodels: {}",
    "upstreams: is empty. Name one upstream at least. (line 1)\n  models: is empty. Name one model",
  ],
  ["broken YAML", "upstreams:\n  a: [1\nmodels: {}", "the file: is not YAML that can be read here:"],
  ["two documents", "a: 1\n---\nb: 2\n", "the file: has more than one YAML document."],
  ["a tag", "upstreams: !!js/function x", "the file: is not YAML that can be read here: Unresolved tag"],
  [
    "an alias bomb",
    bomb.join("\n"),
    "the file: has more than 100000 values, what its aliases (*name) repeat included.",
  ],
  ["a circle of aliases", "upstreams: &a { x: *a }\nmodels: {}", "upstreams.x: *a is part of itself."],
  [
    "an unknown alias",
    "upstreams: *a\nmodels: {}",
    "upstreams: *a stands for nothing: no &a comes before it. (line 1)",
  ],
  ["a deep nest", "[".repeat(20_000), "the file: is nested too deeply to be read."],
  ["10 MB", "x".repeat(10_000_000), "the file: is larger than 1 MiB"],
])("%s is told in a sentence", (_, text, expected) => {
  expect(messageOf(text)).toContain(`Invalid route file:\n  ${expected}`);
});

test("parts of a file may be shared by anchors", () => {
  const text = `upstreams:
  a: { base_url: http://a/v1, timeouts: &patient { idle_ms: 9, total_ms: 99 } }
  b: { base_url: http://b/v1, timeouts: *patient }
models: { chat: { tiers: [[a, b]] } }`;
  const { upstreams } = parseRouteFile(text, ENV).table;
  expect(upstreams.get("b")).toMatchObject({ timeouts: { idleMs: 9, totalMs: 99 } });
});
