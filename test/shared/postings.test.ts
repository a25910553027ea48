import fc from "fast-check";
import { expect, test } from "vitest";
import { Postings, PostingsWriter } from "#shared/postings.ts";

const distance = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20_000 }));
const frequency = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3_000_000 }));
const chunks = fc.array(fc.record({ distance, frequency }), { minLength: 1, maxLength: 30 });
const versions = fc.array(fc.record({ distance, frequency, chunks }), { maxLength: 12 });
const terms = fc.array(versions, { maxLength: 6 });
type Version = typeof versions extends fc.Arbitrary<(infer T)[]> ? T : never;

type Read = { version: number; frequency: number; chunks: { chunk: number; frequency: number }[] };

function absolute(all: readonly Version[]): Read[] {
  let version = -1;
  return all.map(({ distance, frequency, chunks }) => {
    version += distance;
    let chunk = -1;
    return {
      ...{ version, frequency },
      chunks: chunks.map((one) => {
        chunk += one.distance;
        return { chunk, frequency: one.frequency };
      }),
    };
  });
}

function read(written: ReturnType<PostingsWriter["finish"]>, term: number): Read[] {
  const postings = new Postings(written).open(term);
  const found: Read[] = [];
  while (postings.nextVersion()) {
    const { version, frequency, held } = postings;
    const chunks = Array.from({ length: held }, () => {
      postings.nextChunk();
      return { chunk: postings.chunk, frequency: postings.chunkFrequency };
    });
    found.push({ version, frequency, chunks });
  }
  return found;
}

test("what is written is read again, chunk by chunk or past them, and can be taken over as it is", () => {
  fc.assert(
    fc.property(terms, fc.nat({ max: 1_000_000 }), (all, shift) => {
      const expected = all.map(absolute).filter((one) => one.length > 0);
      const writer = new PostingsWriter(all.length);
      for (const [hash, one] of expected.entries()) {
        writer.beginTerm(hash * 7);
        for (const { version, frequency, chunks } of one) {
          for (const { chunk, frequency } of chunks) writer.chunk(chunk, frequency);
          writer.endVersion(version, frequency, chunks.length);
        }
      }
      writer.beginTerm(1_000_000); // without a version
      const written = writer.finish();
      expect([...written.hashes]).toEqual(expected.map((_, i) => i * 7));
      for (const [term, one] of expected.entries()) {
        expect(read(written, term)).toEqual(one);
        const passed = new Postings(written).open(term);
        for (const { version } of one) expect(passed.nextVersion() && passed.version).toBe(version);
        expect(passed.nextVersion()).toBe(false);
        expect(written.held[term]).toBe(one.reduce((sum, { chunks }) => sum + chunks.length, 0));
        const twice = new PostingsWriter(1);
        twice.beginTerm(1);
        twice.append(written, term, 0);
        const second = one.at(-1)!.version + 1 + shift;
        twice.append(written, term, second);
        const moved = one.map((each) => ({ ...each, version: each.version + second }));
        expect(read(twice.finish(), 0)).toEqual([...one, ...moved]);
      }
    }),
  );
});
