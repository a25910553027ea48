import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SearchIndex } from "#shared/index.ts";
import type { SearchScope } from "#shared/principal.ts";
import { codePoint } from "../helpers/code-points.ts";
import { chunk, everyone, find, idsOf, open } from "./search-index-fixtures.ts";
import { generationContract } from "./search-index-generations.ts";
import { scopeContract } from "./search-index-scope.ts";
import { vectorContract } from "./search-index-vectors.ts";

type Options = {
  /** Closes the index and opens the same storage again. Without it, durability is not tested. */
  readonly reopen?: (index: SearchIndex) => Promise<SearchIndex>;
};

/** What every engine behind `SearchIndex` must do, whatever it is made of. `openEmpty` gives a new, empty index. */
export function searchIndexContract(name: string, openEmpty: () => Promise<SearchIndex>, options: Options = {}): void {
  describe(name, () => {
    scopeContract(openEmpty);
    generationContract(openEmpty);
    vectorContract(openEmpty);

    let index: SearchIndex;
    beforeEach(async () => {
      index = await openEmpty();
    });
    afterEach(() => index.close());
    const found = async (question: string, scope?: SearchScope) => idsOf(await find(index, question, scope));

    describe("content", () => {
      test("a chunk is found as soon as its write resolves, and comes back as it was written", async () => {
        const written = chunk("v1", 7, "🦜 the amber parrot", { title: "Birds", headingPath: ["A", "B"], page: 3 });
        const row = chunk("v2", 0, "bird: cobalt", { places: { unit: "row", runs: [[0, 17]] } });
        await index.write(open, "v1", [written]);
        await index.write(open, "v2", [row]);
        expect(await find(index, "amber")).toEqual([written]);
        expect(await find(index, "cobalt")).toEqual([row]);
      });

      test("a Chinese word with a character of the same sound is mended, and not by what others write", async () => {
        await index.write(open, "v1", [chunk("v1", 0, "集合是一组有名字的文档。")]);
        await index.write({ ...open, tenant: "rival" }, "v2", [chunk("v2", 0, "密钥可以吊销。")]);
        expect(await found("集和是什么意思")).toEqual(["v1:0"]);
        expect(await found("蜜钥")).toEqual([]);
      });

      test("title and headings are searched with the text", async () => {
        await index.write(open, "v1", [chunk("v1", 0, "amber", { title: "cobalt", headingPath: ["raven"] })]);
        for (const word of ["amber", "cobalt", "raven"]) expect(await found(word)).toEqual(["v1:0"]);
      });

      test("a write replaces the whole version and nothing else", async () => {
        await index.write(open, "v1", [chunk("v1", 0, "amber"), chunk("v1", 9, "amber cobalt")]);
        await index.write(open, "v2", [chunk("v2", 0, "amber")]);
        await index.write(open, "v1", [chunk("v1", 4, "amber raven")]);
        expect(await found("amber")).toEqual(["v1:4", "v2:0"]);
        expect(await found("cobalt")).toEqual([]);
      });

      test("the same write twice is as good as once", async () => {
        const content = [chunk("v1", 0, "amber"), chunk("v1", 9, "amber")];
        await index.write(open, "v1", content);
        await index.write(open, "v1", content);
        expect(await found("amber")).toEqual(["v1:0", "v1:9"]);
      });

      test("a version without chunks is not held", async () => {
        await index.write(open, "v1", [chunk("v1", 0, "amber")]);
        await index.write(open, "v1", []);
        await index.write(open, "v2", []);
        expect(await found("amber")).toEqual([]);
        expect(await index.versions()).toEqual([]);
      });

      test("removed versions are gone, and removing them again is no error", async () => {
        const batch = ["v1", "v2", "v3"].map((id) => ({
          filing: open,
          versionId: id,
          chunks: [chunk(id, 0, "amber")],
        }));
        await index.writeAll(batch);
        expect((await index.versions()).sort()).toEqual(["v1", "v2", "v3"]);
        await index.remove(["v1", "v3"]);
        await index.remove(["v1", "never-written"]);
        expect(await found("amber")).toEqual(["v2:0"]);
        expect(await index.versions()).toEqual(["v2"]);
      });
    });

    describe("ranking", () => {
      test("the best hit is first, scores never rise, and no leg exceeds the limit", async () => {
        const texts = ["amber cobalt raven", "amber with other things to say", "amber cobalt and little else"];
        await index.write(
          open,
          "v1",
          [...texts.entries()].map(([at, text]) => chunk("v1", at * 50, text)),
        );
        const { legs } = await index.search("amber cobalt raven", everyone, 2, AbortSignal.timeout(20_000));
        expect(legs.lexical![0]!.chunk.id).toBe("v1:0");
        for (const hits of Object.values(legs)) {
          expect(hits.length).toBeLessThanOrEqual(2);
          expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).sort((a, b) => b - a));
        }
      });

      test("a rare word leads, and common words still fill the list", async () => {
        const common = Array.from({ length: 400 }, (_, at) => chunk("v1", at, `amber raven ${at}`));
        await index.write(open, "v1", common);
        await index.write(open, "v2", [chunk("v2", 0, "amber raven cobalt")]);
        const chunks = await find(index, "amber raven cobalt", everyone, 50);
        expect(chunks[0]!.id).toBe("v2:0");
        expect(chunks).toHaveLength(50);
      });

      test("of two equal passages the one whose document says more about the question is first", async () => {
        await index.write(open, "aside", [chunk("aside", 0, "amber"), chunk("aside", 9, "raven")]);
        await index.write(open, "subject", [chunk("subject", 0, "amber"), chunk("subject", 9, "amber too")]);
        const ids = (await find(index, "amber")).map(({ id }) => id);
        expect(ids.indexOf("subject:0")).toBeLessThan(ids.indexOf("aside:0"));
      });

      test("equal scores are ordered by chunk id, whatever was written first", async () => {
        for (const id of ["c", "a", "b"]) await index.write(open, id, [chunk(id, 0, "amber")]);
        expect((await find(index, "amber")).map(({ id }) => id)).toEqual(["a:0", "b:0", "c:0"]);
        expect((await find(index, "amber", everyone, 2)).map(({ id }) => id)).toEqual(["a:0", "b:0"]);
      });

      test("a question without a word to look for finds nothing", async () => {
        await index.write(open, "v1", [chunk("v1", 0, "amber")]);
        for (const question of ["", "  ", "?!", "🦜"]) expect(await found(question)).toEqual([]);
      });

      test("no question is read as query syntax", async () => {
        await index.write(open, "v1", [chunk("v1", 0, "amber")]);
        const syntax = [
          '"',
          "amber*",
          "(amber",
          "amber AND NOT cobalt",
          "scope : x",
          "NEAR(amber, 2)",
          "^amber",
          "a\0b",
        ];
        for (const question of syntax) await find(index, question);
        await fc.assert(
          fc.asyncProperty(fc.string({ unit: codePoint }), async (question) => void (await find(index, question))),
          { numRuns: 50 },
        );
      });
    });

    describe("many at once", () => {
      test("a search sees a version before or after a write, never a mixture", async () => {
        const revision = (text: string) => Array.from({ length: 100 }, (_, at) => chunk("v1", at, `amber ${text}`));
        await index.write(open, "v1", revision("cobalt"));
        const writes = Array.from({ length: 60 }, (_, i) =>
          index.write(open, "v1", revision(i % 2 ? "cobalt" : "raven")),
        );
        const searches = Array.from({ length: 200 }, () => find(index, "amber"));
        for (const chunks of await Promise.all(searches)) {
          expect(chunks).toHaveLength(100);
          expect(new Set(chunks.map(({ text }) => text)).size).toBe(1);
        }
        await Promise.all(writes);
        expect((await find(index, "amber")).map(({ text }) => text)).toContain("amber cobalt");
      });

      test("a stopped search rejects at once with unavailable and disturbs no other", async () => {
        await index.write(open, "v1", [chunk("v1", 0, "amber")]);
        const stopped = { code: "unavailable" };
        await expect(index.search("amber", everyone, 9, AbortSignal.abort())).rejects.toMatchObject(stopped);
        const leaving = new AbortController();
        const left = index.search("amber", everyone, 9, leaving.signal);
        const stayed = find(index, "amber");
        leaving.abort();
        await expect(left).rejects.toMatchObject(stopped);
        expect(idsOf(await stayed)).toEqual(["v1:0"]);
      });
    });

    test.skipIf(!options.reopen)("everything that resolved is there after the index is opened again", async () => {
      const { manifest } = (await index.generations())[0]!;
      await index.createGeneration("next", manifest);
      await index.promoteGeneration("next");
      await index.write(open, "v1", [chunk("v1", 0, "amber")]);
      await index.write(open, "v2", [chunk("v2", 0, "amber")]);
      await index.remove(["v2"]);
      const generations = await index.generations();
      index = await options.reopen!(index);
      expect(await found("amber")).toEqual(["v1:0"]);
      expect(await index.generations()).toEqual(generations);
    });
  });
}
