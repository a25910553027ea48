import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SearchIndex } from "#shared/index.ts";
import type { SearchScope } from "#shared/principal.ts";
import { chunk, everyone, find, idsOf, open } from "./search-index-fixtures.ts";

/** Building beside the live generation, and the ways forward and back. */
export function generationContract(openEmpty: () => Promise<SearchIndex>): void {
  describe("generations", () => {
    let index: SearchIndex;
    beforeEach(async () => {
      index = await openEmpty();
    });
    afterEach(() => index.close());
    const found = async (question: string, scope?: SearchScope) => idsOf(await find(index, question, scope));

    const liveOf = async () => (await index.generations()).find(({ status }) => status === "live")!;

    test("a new index has one live generation that says how it was built", async () => {
      const generations = await index.generations();
      expect(generations).toMatchObject([{ status: "live", manifest: { tokenizer: expect.any(String) } }]);
      const { generation } = await index.search("amber", everyone, 1, AbortSignal.timeout(20_000));
      expect(generation).toBe(generations[0]!.id);
    });

    test("a generation being built takes writes, and answers only once promoted", async () => {
      const { id: first, manifest } = await liveOf();
      await index.write(open, "before", [chunk("before", 0, "amber")]);
      await index.createGeneration("next", manifest);
      await index.write(open, "during", [chunk("during", 0, "amber")]);
      expect(await found("amber")).toEqual(["before:0", "during:0"]);
      await index.promoteGeneration("next");
      expect(await found("amber")).toEqual(["during:0"]);
      expect(await index.versions()).toEqual(["during"]);
      expect(Object.fromEntries((await index.generations()).map(({ id, status }) => [id, status]))).toEqual({
        [first]: "retired",
        next: "live",
      });
    });

    test("rolling back brings the old content, without what was removed or closed meanwhile", async () => {
      const { id: first, manifest } = await liveOf();
      for (const id of ["kept", "gone", "closed"]) await index.write(open, id, [chunk(id, 0, "amber")]);
      await index.createGeneration("next", manifest);
      await index.promoteGeneration("next");
      await index.remove(["gone"]);
      await index.refile("closed", { ...open, acl: ["user:bob"] });
      await index.promoteGeneration(first);
      expect(await found("amber")).toEqual(["kept:0"]);
      expect(await liveOf()).toMatchObject({ id: first });
    });

    test("promoting what is live changes nothing, and promoting the unknown is refused", async () => {
      const { id } = await liveOf();
      await index.promoteGeneration(id);
      await expect(index.promoteGeneration("unknown")).rejects.toThrow();
      expect(await liveOf()).toMatchObject({ id });
    });

    test("a dropped generation is gone, twice is no error, and the live one cannot be dropped", async () => {
      const { id, manifest } = await liveOf();
      await index.createGeneration("next", manifest);
      await index.dropGeneration("next");
      await index.dropGeneration("next");
      await expect(index.dropGeneration(id)).rejects.toThrow();
      expect((await index.generations()).map((generation) => generation.id)).toEqual([id]);
    });

    test("a replay searches the generation that it names, live or not, and learns when it is gone", async () => {
      const { id: first, manifest } = await liveOf();
      const stopped = AbortSignal.timeout(20_000);
      await index.write(open, "before", [chunk("before", 0, "amber")]);
      await index.createGeneration("next", manifest);
      await index.promoteGeneration("next");
      await index.write(open, "after", [chunk("after", 0, "amber")]);
      const then = await index.searchIn(first, "amber", everyone, 10, stopped);
      expect(then).toMatchObject({ generation: first, legs: { lexical: [{ chunk: { id: "before:0" } }] } });
      expect(await index.searchIn("next", "amber", everyone, 10, stopped)).toEqual(
        await index.search("amber", everyone, 10, stopped),
      );
      await index.dropGeneration(first);
      expect(await index.searchIn(first, "amber", everyone, 10, stopped)).toBeUndefined();
    });

    test("creating a generation again after a lost reply is no error and keeps its content", async () => {
      const { manifest } = await liveOf();
      await index.createGeneration("next", manifest);
      await index.write(open, "v1", [chunk("v1", 0, "amber")]);
      await index.createGeneration("next", manifest);
      await index.promoteGeneration("next");
      expect(await found("amber")).toEqual(["v1:0"]);
    });
  });
}
