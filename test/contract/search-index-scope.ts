import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SearchIndex } from "#shared/index.ts";
import { type SearchScope, scopeOf } from "#shared/principal.ts";
import { chunk, find, idsOf, open, principal } from "./search-index-fixtures.ts";
import { agreesWithScan } from "./search-index-oracle.ts";

/** Nobody finds what they may not read, and everybody what they may. */
export function scopeContract(openEmpty: () => Promise<SearchIndex>): void {
  describe("scope", () => {
    let index: SearchIndex;
    beforeEach(async () => {
      index = await openEmpty();
    });
    afterEach(() => index.close());
    const found = async (question: string, scope?: SearchScope) => idsOf(await find(index, question, scope));

    test("another tenant finds nothing, not even with the same user, group and collection", async () => {
      await index.write({ ...open, acl: ["tenant", "user:ann", "group:x"] }, "v1", [chunk("v1", 0, "amber")]);
      const other = scopeOf(principal({ tenant: "rival", groups: ["x"] }), ["default"]);
      expect(await found("amber", other)).toEqual([]);
    });

    test("a document without an entry of the caller is not found", async () => {
      await index.write({ ...open, acl: ["group:x"] }, "grouped", [chunk("grouped", 0, "amber")]);
      await index.write({ ...open, acl: ["user:bob"] }, "bobs", [chunk("bobs", 0, "amber")]);
      await index.write({ ...open, acl: [] }, "nobodys", [chunk("nobodys", 0, "amber")]);
      expect(await found("amber")).toEqual([]);
      expect(await found("amber", scopeOf(principal({ groups: ["x"] })))).toEqual(["grouped:0"]);
      expect(await found("amber", scopeOf(principal({ subject: "bob" })))).toEqual(["bobs:0"]);
    });

    test("a list of collections narrows the search, and an empty one closes it", async () => {
      await index.write({ ...open, collection: "a" }, "v1", [chunk("v1", 0, "amber")]);
      await index.write({ ...open, collection: "b" }, "v2", [chunk("v2", 0, "amber")]);
      expect(await found("amber", scopeOf(principal(), ["b", "c"]))).toEqual(["v2:0"]);
      expect(await found("amber", scopeOf(principal(), []))).toEqual([]);
      expect(await found("amber")).toEqual(["v1:0", "v2:0"]);
    });

    test("what cannot be read is not found by the words that guard it", async () => {
      await index.write({ tenant: "acme", collection: "amber", acl: ["group:cobalt"] }, "v1", [
        chunk("v1", 0, "raven"),
      ]);
      const member = scopeOf(principal({ groups: ["cobalt"] }));
      for (const word of ["acme", "amber", "cobalt", "tenant"]) expect(await found(word, member)).toEqual([]);
    });

    test("refiling moves a version at once and keeps its content", async () => {
      const written = chunk("v1", 0, "amber", { title: "T", page: 2 });
      await index.write(open, "v1", [written]);
      await index.refile("v1", { tenant: "acme", collection: "closed", acl: ["user:bob"] });
      await index.refile("never-written", open);
      expect(await found("amber")).toEqual([]);
      expect(await find(index, "amber", scopeOf(principal({ subject: "bob" }), ["closed"]))).toEqual([written]);
      expect(await index.versions()).toEqual(["v1"]);
    });

    test("finds exactly what a full scan finds, in every leg no more, for any corpus, rights and history", async () => {
      await agreesWithScan(openEmpty);
    });
  });
}
