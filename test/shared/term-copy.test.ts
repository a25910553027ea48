import fc from "fast-check";
import { expect, test } from "vitest";
import { inverseDocumentFrequency, normalisedFrequency } from "#shared/bm25.ts";
import { bm25f } from "#shared/bm25f.ts";
import { createTermCopy } from "#shared/term-copy.ts";
import { frequencyIn, hashOf, TermCounts, unpack, wordsOf } from "#shared/term-counts.ts";
import type { CountedVersion } from "#shared/term-segment.ts";

const WORDS = ["amber", "cobalt", "pod", "raven", "slate", "topaz", "umber", "violet"];
const MAY = [1, 0, 1];
const MANY = 1000;

const text = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 12 });
const version = fc.record({
  rowid: fc.nat({ max: 30 }),
  scope: fc.nat({ max: 2 }),
  heading: fc.option(fc.constantFrom(...WORDS), { nil: undefined }),
  texts: fc.array(text, { minLength: 1, maxLength: 4 }),
});
type Version = typeof version extends fc.Arbitrary<infer T> ? T : never;
/** Versions that come, and may take the place of others, and row ids that go. */
const history = fc.array(
  fc.record({
    come: fc.uniqueArray(version, { selector: ({ rowid }) => rowid, maxLength: 4 }),
    go: fc.nat({ max: 30 }),
    tidied: fc.constantFrom(0, 1, 2, MANY),
  }),
  { minLength: 1, maxLength: 40 },
);
const asked = fc.uniqueArray(
  fc.record({ term: fc.constantFrom(...WORDS, "zircon"), weight: fc.constantFrom(1, 0.3) }),
  { selector: ({ term }) => term, minLength: 1, maxLength: 5 },
);

function counted({ rowid, scope, heading, texts }: Version): CountedVersion {
  const whole = new TermCounts();
  const head = { words: heading === undefined ? [] : [heading], aids: [] };
  const chunks = texts.map((words, i) => {
    const counts = new TermCounts().add({ words, aids: [] });
    whole.merge(counts);
    return { rowid: rowid * 10 + i, counts: unpack(counts.add(head).pack()) };
  });
  return { rowid, scope, counts: unpack(whole.add(head).pack()), chunks };
}

/** What a look at every chunk gives, one by one. */
function scan(held: readonly CountedVersion[], terms: readonly { term: string; weight: number }[]) {
  const chunks = held.flatMap(({ chunks }) => chunks);
  const averages = {
    chunks: chunks.length,
    chunkWords: chunks.reduce((sum, { counts }) => sum + wordsOf(counts), 0) / chunks.length,
    versionWords: held.reduce((sum, { counts }) => sum + wordsOf(counts), 0) / held.length,
  };
  const weighed = terms.map(({ term, weight }) => {
    const hash = hashOf(term);
    const holding = chunks.filter(({ counts }) => frequencyIn(counts, hash) > 0).length;
    return { term, hash, idf: weight * inverseDocumentFrequency(chunks.length, holding) };
  });
  const readable = held.filter(({ scope }) => MAY[scope] === 1);
  const ranked = readable.flatMap(({ counts, chunks }) => {
    const inDocument = weighed.map(({ hash }) =>
      normalisedFrequency(frequencyIn(counts, hash), wordsOf(counts), averages.versionWords),
    );
    return chunks
      .filter((chunk) => weighed.some(({ hash }) => frequencyIn(chunk.counts, hash) > 0))
      .map((chunk) => ({ rowid: chunk.rowid, score: bm25f(weighed, inDocument, chunk.counts, averages.chunkWords) }));
  });
  const isHeld = (hash: number): boolean => readable.some(({ counts }) => frequencyIn(counts, hash) > 0);
  return {
    averages,
    scores: new Map(ranked.map(({ rowid, score }) => [rowid, score])),
    unheld: weighed.filter(({ hash }) => !isHeld(hash)).map(({ term }) => term),
  };
}

test("every readable chunk with a term has the score of a scan, and the best are found, after any history", () => {
  fc.assert(
    fc.property(
      fc.array(version, { maxLength: 12 }),
      history,
      asked,
      fc.nat({ max: 6 }),
      (first, steps, terms, limit) => {
        const held = new Map(first.map((one) => [one.rowid, counted(one)]));
        const copy = createTermCopy();
        for (const _ of copy.fill([[...held.values()].slice(0, 5), [...held.values()].slice(5)]));
        for (const { come, go, tidied } of steps) {
          for (const rowid of [go, ...come.map(({ rowid }) => rowid)]) {
            copy.remove(rowid);
            held.delete(rowid);
          }
          const versions = come.map(counted);
          copy.add(versions);
          // Versions come and go between the steps of a merge.
          copy.tidy(tidied);
          for (const one of versions) held.set(one.rowid, one);
        }
        const { averages, scores, unheld } = scan([...held.values()], terms);
        const all = copy.rank(terms, averages, MAY, MANY);
        expect(new Map(all.ranked.map(({ rowid, score }) => [rowid, score]))).toEqual(
          new Map([...scores].map(([rowid, score]) => [rowid, expect.closeTo(score, 9)])),
        );
        expect([...all.unheld].sort()).toEqual(unheld.sort());
        for (const { term } of terms) expect(copy.has(term, MAY)).toBe(!unheld.includes(term));
        const { ranked } = copy.rank(terms, averages, MAY, limit);
        const least = all.ranked[limit - 1]?.score ?? Number.NEGATIVE_INFINITY;
        expect(ranked).toEqual(limit === 0 ? [] : all.ranked.filter(({ score }) => score >= least));
      },
    ),
  );
});

test("among many texts what is rare is found first, and what went is forgotten", () => {
  const copy = createTermCopy();
  const averages = { chunks: 1000, chunkWords: 1.5, versionWords: 3 };
  for (let rowid = 0; rowid < 500; rowid++) {
    const texts = [["amber"], ["amber", rowid % 100 === 7 ? "raven" : "slate"]];
    copy.add([counted({ rowid, scope: 0, heading: undefined, texts })]);
  }
  const find = (...words: string[]): number[] => {
    const terms = words.map((term) => ({ term, weight: 1 }));
    const { ranked } = copy.rank(terms, averages, MAY, 3);
    return ranked.map(({ rowid }) => rowid).sort((a, b) => a - b);
  };
  expect(find("amber", "raven")).toEqual([71, 1071, 2071, 3071, 4071]);
  for (let rowid = 0; rowid < 300; rowid++) copy.remove(rowid);
  while (copy.tidy(MANY));
  expect(find("raven")).toEqual([3071, 4071]);
});
