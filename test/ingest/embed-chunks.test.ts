import { afterEach, beforeEach, expect, test } from "vitest";
import { AppError } from "#shared/errors.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import { silentLog } from "#shared/log.ts";
import { scopeOf } from "#shared/principal.ts";
import { embedChunks } from "../../ingest/embed/embed-chunks.ts";
import { followEmbedder } from "../../ingest/embed/follow-embedder.ts";
import { inspectEmbedder } from "../../ingest/embed/inspect-embedder.ts";
import { holdLease } from "../../ingest/embed/lease.ts";
import { manifestWith } from "../../ingest/embed/manifest-with.ts";
import { chunk, open, principal } from "../contract/search-index-fixtures.ts";
import { CONCEPT_EMBEDDER as by, conceptOf, embedConcepts as embed } from "../helpers/concept-embedder.ts";
import { openTestStores, type TestStores } from "../helpers/test-stores.ts";

const never = new AbortController().signal;
/** Whatever `refuse` throws for a text, thrown for the whole request. */
const embedBut =
  (refuse: (text: string) => void): Embed =>
  async (type, texts, signal) => {
    texts.forEach(refuse);
    return embed(type, texts, signal);
  };

let stores: TestStores;
let index: TestStores["index"];
beforeEach(async () => {
  stores = await openTestStores();
  ({ index } = stores);
});
afterEach(() => stores.close());

async function openDense(manifest: Record<string, string> = { embedder: by.embedder, dimensions: "6" }): Promise<void> {
  await index.createGeneration("dense", manifestWith(manifest));
  await index.promoteGeneration("dense");
}
const write = (count: number, text = "the birds fly south") =>
  index.write(
    open,
    "v1",
    Array.from({ length: count }, (_, at) => chunk("v1", at * 100, `${text} ${at}`)),
  );
const found = async (query: string): Promise<number> => {
  const vector = { embedder: by.embedder, values: Float32Array.from(conceptOf(query)) };
  const hits = await index.nearest("dense", vector, scopeOf(principal()), 1000, AbortSignal.timeout(20_000));
  return hits!.filter(({ score }) => score > 0.9).length;
};

test("turns go on where the last one stopped, until no passage waits", async () => {
  await openDense();
  await write(150);
  const left: number[] = [];
  for (
    let turn = await embedChunks(index, embed, never);
    turn.written > 0;
    turn = await embedChunks(index, embed, never)
  ) {
    left.push(turn.left);
  }
  expect(left).toEqual([86, 22, 0]);
  expect(await found("feather")).toBe(150);
});

test("a gateway that wants a pause ends the turn, and what was written stays", async () => {
  await openDense();
  await write(40);
  let asked = 0;
  const busy = embedBut(() => {
    asked += 1;
    if (asked > 20) throw new AppError("rate_limited", "Slow down.", { retryAfterSeconds: 7 });
  });
  await expect(embedChunks(index, busy, never)).rejects.toMatchObject({ retryAfterSeconds: 7 });
  const { total } = await index.withoutVectors("dense", 1);
  expect(total).toBe(24);
});

test("a text that is too long for the model is embedded by its beginning, the others as they are", async () => {
  await openDense();
  await write(3);
  await index.write(open, "v2", [chunk("v2", 0, `bread ${"x".repeat(1000)}`)]);
  const short = embedBut((text) => {
    if (text.length > 300) throw new AppError("invalid_request", "Too long.");
  });
  expect(await embedChunks(index, short, never)).toEqual({ written: 4, left: 0 });
  expect(await found("oven")).toBe(1);
  expect(await found("feather")).toBe(3);
});

test("vectors of another embedder than the index's are not written", async () => {
  await openDense({ embedder: "other/6@2", dimensions: "6" });
  await write(3);
  await expect(embedChunks(index, embed, never)).rejects.toMatchObject({ code: "conflict" });
  expect((await index.withoutVectors("dense", 1)).total).toBe(3);
});

test("an embedder's languages are tried out, and a gateway without one says nothing", async () => {
  expect(await inspectEmbedder(embed, never)).toEqual({
    embedder: by.embedder,
    dimensions: "6",
    languages: "en zh",
  });
  const english: Embed = (type, texts, signal) =>
    embed(
      type,
      texts.map((text) => text.replace(/\p{Script=Han}/gu, "?")),
      signal,
    );
  expect((await inspectEmbedder(english, never)).languages).toBe("en");
  const none = embedBut(() => {
    throw new AppError("model_not_found", "There is none.");
  });
  expect(await inspectEmbedder(none, never)).toEqual({});
});

test("an empty index takes the embedder at once; one with texts is built anew where that may be, and lives on meanwhile", async () => {
  const follow = (embedder: string, byItself: boolean) =>
    followEmbedder(stores, { embedder, dimensions: "6" }, { byItself, log: silentLog });
  const live = async () => (await index.generations()).find(({ status }) => status === "live")!.manifest.embedder;
  await follow("a", false);
  expect(await live()).toBe("a");
  await write(1);
  await follow("b", false);
  expect(await stores.db.all("select * from reindex")).toEqual([]);
  await follow("b", true);
  await follow("b", true);
  expect(await stores.db.all("select state from reindex")).toMatchObject([{ state: "building" }]);
  expect(await live()).toBe("a");
});

test("one process of all holds a lease until it is let go or not renewed", async () => {
  let at = 1_000;
  const [first, second] = ["a", "b"].map((holder) => holdLease(stores.db, "x", holder, () => at));
  expect([await first!.take(), await second!.take(), await first!.take()]).toEqual([true, false, true]);
  at += 120_000;
  expect([await second!.take(), await first!.take()]).toEqual([true, false]);
  await second!.release();
  expect(await first!.take()).toBe(true);
});
