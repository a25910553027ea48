import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SearchIndex } from "#shared/index.ts";
import { scopeOf } from "#shared/principal.ts";
import { readStateSettings } from "#shared/state-settings.ts";
import { chunk, everyone, find, idsOf, open, principal } from "../contract/search-index-fixtures.ts";
import { generationContract } from "../contract/search-index-generations.ts";
import { scopeContract } from "../contract/search-index-scope.ts";
import { vectorContract } from "../contract/search-index-vectors.ts";
import { testQdrant } from "../helpers/test-qdrant.ts";

// A server of one's own may not be a cluster, and only a cluster has shards with keys.
const isOwnServer = process.env.QDRANT_URL === undefined;
const qdrant = testQdrant(undefined, new Map([["acme", 2]]));
afterAll(qdrant.dropAll);

describe.skipIf(!isOwnServer)("Qdrant with shards for a large tenant", () => {
  const openEmpty = async () => qdrant.open();
  scopeContract(openEmpty);
  generationContract(openEmpty);
  vectorContract(openEmpty);

  let index: SearchIndex;
  beforeEach(() => {
    index = qdrant.open();
  });
  afterEach(() => index.close());
  const globex = { ...open, tenant: "globex" };
  const searchers = scopeOf(principal({ tenant: "globex" }));

  async function held(shard_key?: string): Promise<string[]> {
    const [{ name }] = await collections();
    const body = { limit: 1000, with_payload: true, ...(shard_key && { shard_key }) };
    const { points } = await ask<{ points: { payload: { kind: string; version_id?: string; word?: string } }[] }>(
      `/collections/${name}/points/scroll`,
      body,
    );
    return points.map(({ payload }) => `${payload.kind} ${payload.version_id ?? payload.word ?? ""}`.trim()).sort();
  }
  async function ask<T>(path: string, body?: object): Promise<T> {
    const post = { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${qdrant.url}${path}`, body && post);
    return ((await response.json()) as { result: T }).result;
  }
  async function collections(): Promise<[{ name: string }]> {
    const { collections: all } = await ask<{ collections: { name: string }[] }>("/collections");
    return [all.find(({ name }) => name.startsWith(`${qdrant.prefixOf(index)}_of_`))!];
  }

  test("its passages, their words and markers are on its own shards, all others on the shared ones", async () => {
    await index.write(open, "v1", [chunk("v1", 0, "amber parrot")]);
    await index.write(globex, "v2", [chunk("v2", 0, "amber falcon")]);
    const own = ["chunk v1", "version v1", "word amber", "word parrot"];
    const shared = ["card", "chunk v2", "version v2", "word amber", "word falcon"];
    expect(await held("tenant:acme")).toEqual(own);
    expect(await held("shared")).toEqual(shared);
    expect(await held()).toEqual([...own, ...shared].sort());
    expect((await index.versions()).sort()).toEqual(["v1", "v2"]);
    expect(idsOf(await find(index, "amber"))).toEqual(["v1:0"]);
    expect(idsOf(await find(index, "amber", searchers))).toEqual(["v2:0"]);
    // A misspelt word is mended by the words of its own shard.
    expect(idsOf(await find(index, "parrott"))).toEqual(["v1:0"]);
    expect(await find(index, "parrott", searchers)).toEqual([]);
  });

  test("what is refiled, replaced and removed is so wherever it is", async () => {
    await index.writeAll([
      { filing: open, versionId: "v1", chunks: [chunk("v1", 0, "amber")] },
      { filing: globex, versionId: "v2", chunks: [chunk("v2", 0, "amber"), chunk("v2", 9, "cobalt")] },
    ]);
    await index.refile("v1", { ...open, acl: ["group:x"] });
    expect(await find(index, "amber")).toEqual([]);
    expect(idsOf(await find(index, "amber", scopeOf(principal({ groups: ["x"] }))))).toEqual(["v1:0"]);
    await index.write(globex, "v2", [chunk("v2", 9, "amber")]);
    expect(idsOf(await find(index, "amber", searchers))).toEqual(["v2:9"]);
    await index.remove(["v1", "v2"]);
    expect((await held()).filter((one) => !one.startsWith("word"))).toEqual(["card"]);
  });

  test("a layout that is changed later holds for new generations; what is there goes on as it was made", async () => {
    await index.write(open, "v1", [chunk("v1", 0, "amber")]);
    const prefix = qdrant.prefixOf(index);
    const later = testQdrant().open(prefix);
    await later.write(open, "v2", [chunk("v2", 0, "amber")]);
    expect(idsOf(await find(later, "amber"))).toEqual(["v1:0", "v2:0"]);
    expect(await held("tenant:acme")).toEqual(expect.arrayContaining(["chunk v1", "chunk v2"]));
    const { manifest } = (await later.generations())[0]!;
    await later.createGeneration("plain", manifest);
    await later.write(open, "v3", [chunk("v3", 0, "amber")]);
    await later.promoteGeneration("plain");
    expect(idsOf(await find(later, "amber", everyone))).toEqual(["v3:0"]);
  });
});

test("tenants with shards of their own are read from the environment, and a mistake is told", () => {
  const read = (QDRANT_TENANT_SHARDS: string) => readStateSettings({ QDRANT_TENANT_SHARDS }).QDRANT_TENANT_SHARDS;
  expect(read("acme=4, globex")).toEqual(
    new Map([
      ["acme", 4],
      ["globex", 1],
    ]),
  );
  expect(read("")).toEqual(new Map());
  for (const wrong of ["acme=0", "acme=x", "=4", "a b=2", "acme,acme=2"])
    expect(() => read(wrong)).toThrow(/QDRANT_TENANT_SHARDS must/);
});
