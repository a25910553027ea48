import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { gatewayEmbed } from "#shared/gateway-embed.ts";
import { silentLog } from "#shared/log.ts";
import { scopeOf } from "#shared/principal.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { startWorker, type Worker } from "../../ingest/worker/app.ts";
import { find } from "../contract/search-index-fixtures.ts";
import { conceptOf } from "../helpers/concept-embedder.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";
import { openTestStores, type TestStores } from "../helpers/test-stores.ts";
import { uniqueWord } from "../helpers/unique-word.ts";

const DOCUMENTS = 30;
const PASSAGES = 3;
const RETRY_AFTER_SECONDS = 2;
/** Requests that are under way when the first of them is refused. */
const AT_ONCE = 4;
const EMBEDDER = "concepts/6@1";
const everything = scopeOf({ tenant: "local", subject: "admin", groups: [], scopes: [] });

let stores: TestStores;
let index: TestStores["index"];
let gateway: Server;
let gatewayUrl: string;
/** What the gateway does with the n-th request of passages that it is busy with. */
let isBusy: (request: number) => boolean;
let refused: number;
let asked: number;
let worker: Worker | undefined;

beforeEach(async () => {
  stores = await openTestStores();
  ({ index } = stores);
  [isBusy, refused, asked] = [() => false, 0, 0];
  gateway = createServer(async (request, response) => {
    const { input } = JSON.parse(await text(request)) as { input: string[] };
    asked += 1;
    if (isBusy(asked)) {
      refused += 1;
      response.writeHead(429, { "retry-after": String(RETRY_AFTER_SECONDS), "content-type": "application/json" });
      return response.end(JSON.stringify({ error: { message: "The queue of this model is full." } }));
    }
    const data = input.map((one, at) => {
      const embedding = Buffer.from(Float32Array.from(conceptOf(one)).buffer).toString("base64");
      return { object: "embedding", index: at, embedding };
    });
    response.writeHead(200, { "content-type": "application/json", "x-cairn-model": "concepts" });
    response.end(JSON.stringify({ data, cairn: { embedder: EMBEDDER } }));
  });
  await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
  gatewayUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await worker?.stop();
  gateway.closeAllConnections();
  gateway.close();
  await stores.close();
});

function start(): Worker {
  const embedding = { embed: gatewayEmbed({ gatewayUrl, model: "embed" }), byItself: false };
  worker = startWorker({ ...stores, embedding, parse: paragraphParse, log: silentLog, metrics: createMetrics() });
  return worker;
}
const live = async () => (await index.generations()).find(({ status }) => status === "live")!;
const waiting = async (): Promise<number> => (await index.withoutVectors((await live()).id, 1)).total;

test("a gateway that has no room for embeddings is left alone as long as it says, and nothing is lost or late by it", async () => {
  start();
  // The empty index takes the embedder while the gateway is well.
  await vi.waitFor(async () => expect((await live()).manifest.embedder).toBe(EMBEDDER), 30_000);
  isBusy = () => true;
  for (let i = 0; i < DOCUMENTS; i++) {
    const passages = [`Title ${i}`, `The bird ${uniqueWord(`w${i}`)} flies.`, "A swallow rests."];
    await acceptDocument(
      { ...stores, now: Date.now, newId: () => crypto.randomUUID() },
      {
        ...{ tenant: "local", subject: "admin", collection: "default", uri: `note:${i}`, fileName: `${i}.md` },
        ...{ mediaType: "text/markdown", bytes: new TextEncoder().encode(passages.join("\n\n")), priority: 1 },
      },
    );
  }
  await worker!.idle();
  // Text is found by its words at once, whatever the gateway does.
  for (const i of [0, DOCUMENTS - 1]) expect(await find(index, uniqueWord(`w${i}`), everything)).toHaveLength(1);
  expect(await waiting()).toBe(DOCUMENTS * PASSAGES);
  expect(await stores.db.all("select id from job where state <> 'done'")).toEqual([]);

  await vi.waitFor(() => expect(refused).toBeGreaterThan(0), 20_000);
  const [before, since] = [refused, performance.now()];
  await sleep(3 * RETRY_AFTER_SECONDS * 1000);
  const turns = (performance.now() - since) / 1000 / RETRY_AFTER_SECONDS + 1;
  expect(refused - before).toBeLessThanOrEqual(AT_ONCE * turns);

  // It has room for some; the worker is replaced in the middle; then it is well again.
  isBusy = (request) => request % 2 === 0;
  const few = vi.waitFor(async () => expect(await waiting()).toBeLessThan(DOCUMENTS * PASSAGES), 40_000);
  await few;
  await worker!.stop();
  isBusy = () => false;
  start();
  await vi.waitFor(async () => expect(await waiting()).toBe(0), 60_000);
  const vector = { embedder: EMBEDDER, values: Float32Array.from(conceptOf("bird")) };
  const near = await index.nearest((await live()).id, vector, everything, 200, AbortSignal.timeout(20_000));
  expect(new Set(near!.map(({ chunk }) => chunk.documentId)).size).toBe(DOCUMENTS);
  expect(near).toHaveLength(DOCUMENTS * PASSAGES);
  expect(await stores.db.all("select id from job where state <> 'done'")).toEqual([]);
}, 240_000);
