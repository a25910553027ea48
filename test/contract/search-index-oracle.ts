import fc from "fast-check";
import { expect } from "vitest";
import type { Filing, SearchIndex } from "#shared/index.ts";
import { mayRead, scopeOf } from "#shared/principal.ts";
import { chunk, idsOf, LIMIT, principal } from "./search-index-fixtures.ts";

/** Each is one index term that no stemmer or word cutter changes, so that an oracle needs neither. */
const WORDS = ["amber", "cobalt", "pod", "raven", "v2", "苹果", "河流"];
const word = fc.constantFrom(...WORDS);
const filing = fc.record({
  tenant: fc.constantFrom("acme", "rival"),
  collection: fc.constantFrom("a", "b"),
  acl: fc.uniqueArray(fc.constantFrom("tenant", "user:ann", "user:bob", "group:x", "group:y"), { maxLength: 3 }),
});
const history = fc.array(
  fc.record({
    version: fc.constantFrom("v1", "v2", "v3", "v4"),
    filing,
    // `undefined` only refiles the version; an empty list removes it.
    texts: fc.option(fc.array(fc.array(word, { minLength: 1, maxLength: 4 }), { maxLength: 3 }), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 8 },
);
const probe = fc.record({
  words: fc.array(word, { minLength: 1, maxLength: 3 }),
  tenant: fc.constantFrom("acme", "rival"),
  subject: fc.constantFrom("ann", "bob"),
  groups: fc.subarray(["x", "y"]),
  collections: fc.option(fc.subarray(["a", "b"]), { nil: undefined }),
});
type Steps = typeof history extends fc.Arbitrary<infer T> ? T : never;
type Probe = typeof probe extends fc.Arbitrary<infer T> ? T : never;

/** Writes a random history, asks a random caller's question, and compares with a scan of what should be held. */
export async function agreesWithScan(openEmpty: () => Promise<SearchIndex>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(history, probe, (steps, asked) => compare(openEmpty, steps, asked)),
    { numRuns: 25 },
  );
}

async function compare(openEmpty: () => Promise<SearchIndex>, steps: Steps, asked: Probe): Promise<void> {
  const index = await openEmpty();
  try {
    const held = new Map<string, { filing: Filing; texts: string[][] }>();
    for (const { version, filing: wanted, texts } of steps) {
      const before = held.get(version);
      // A document never moves to another tenant, which may have shards of its own.
      const filing = { ...wanted, tenant: before?.filing.tenant ?? wanted.tenant };
      if (texts) {
        held.set(version, { filing, texts });
        const chunks = texts.map((words, at) => chunk(version, at, words.join(" ")));
        await index.write(filing, version, chunks);
      } else {
        if (before) held.set(version, { ...before, filing });
        await index.refile(version, filing);
      }
    }
    const scope = scopeOf(principal(asked), asked.collections);
    const expected = [...held].flatMap(([version, { filing, texts }]) =>
      texts.flatMap((words, at) => {
        const matches = words.some((one) => asked.words.includes(one));
        return matches && mayRead(scope, filing) ? [`${version}:${at}`] : [];
      }),
    );
    const { legs } = await index.search(asked.words.join(" "), scope, LIMIT, AbortSignal.timeout(20_000));
    for (const [leg, hits] of Object.entries(legs)) {
      const ids = idsOf(hits.map((hit) => hit.chunk));
      if (leg === "lexical") expect(ids).toEqual(expected.sort());
      else expect(expected).toEqual(expect.arrayContaining(ids));
    }
  } finally {
    await index.close();
  }
}
