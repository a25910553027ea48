import { afterEach, expect, test, vi } from "vitest";
import { embedsConcepts } from "../helpers/concept-embedder.ts";
import { sendJson } from "../helpers/embedding-server.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { type MockUpstream, mockUpstream } from "../helpers/mock-upstream.ts";

const FILES = {
  "birds.md": "# Swallows\n\nThe birds fly to warmer countries in September.\n",
  "bread.md": "# Bread\n\nThe dough rests for an hour and goes into the oven after that.\n",
  "holiday.md": "# Time off\n\n员工每年有三十天假期。\n",
};

let app: LocalApp;
let server: MockUpstream;
afterEach(async () => {
  await app.close();
  await server.close();
});

const titlesFor = async (query: string): Promise<string[]> => {
  const { results } = (await (await app.send("/v1/search", { query })).json()) as { results: { title: string }[] };
  return results.map(({ title }) => title);
};
const left = async (): Promise<number> => (await app.metrics.chunksWithoutVector.get()).values[0]!.value;
const liveEmbedder = async (): Promise<string | undefined> =>
  (await app.state.index.generations()).find(({ status }) => status === "live")!.manifest.embedder;

test("text is found by its words at once, and by its meaning when its vectors are there", async () => {
  const gate = Promise.withResolvers<void>();
  server = await mockUpstream(
    embedsConcepts(async (_, texts) => {
      if (texts.some((text) => text.includes("\n"))) await gate.promise;
      return false;
    }),
  );
  app = await openLocal({ files: FILES, embeddings: server.baseUrl });
  expect((await titlesFor("dough"))[0]).toBe("Bread");
  expect(await titlesFor("feather")).toEqual([]);
  gate.resolve();
  await vi.waitFor(async () => expect((await titlesFor("feather"))[0]).toBe("Swallows"), 25_000);
  expect(await liveEmbedder()).toMatch(/^mock-model\/6@/);
  expect((await titlesFor("How many days of vacation are there?"))[0]).toBe("Time off");
  await vi.waitFor(async () => expect(await left()).toBe(0), 20_000);

  const { lineage } = await app.ask("When do the birds fly to warmer countries?");
  const { models } = lineage as unknown as { models: { role: string; upstream: string }[] };
  expect(models.find(({ role }) => role === "embed")).toMatchObject({ upstream: "embedder", model: "mock-model" });

  const withdrawal = { kind: "model", target: "mock-model", reason: "It was trained on what is not ours." };
  const { id } = (await (await app.send("/v1/withdrawals", withdrawal)).json()) as { id: string };
  expect(await titlesFor("feather")).toEqual([]);
  expect((await titlesFor("dough"))[0]).toBe("Bread");
  await app.send(`/v1/withdrawals/${id}/lift`, { reason: "It was not." });
  expect((await titlesFor("feather"))[0]).toBe("Swallows");
});

test("an answer goes on by words alone while the embedder is away, and its record says so", async () => {
  let away = false;
  server = await mockUpstream(
    embedsConcepts((response) => {
      if (away) sendJson(response, { error: { message: "down" } }, 503);
      return away;
    }),
  );
  app = await openLocal({ files: FILES, embeddings: server.baseUrl });
  await vi.waitFor(async () => expect((await titlesFor("feather"))[0]).toBe("Swallows"), 25_000);
  away = true;
  const { outcome, lineage } = await app.ask("Where do the birds fly in September?");
  expect(outcome).toBe("answered");
  const { record } = await app.db
    .get<{ record: string }>("select record from lineage_record where answer_id = $1", [lineage.id])
    .then((row) => row!);
  const { internalParameters } = JSON.parse(record).predicate.buildDefinition;
  expect(internalParameters.dense).toMatchObject({ outcome: expect.stringMatching(/failed|late/) });
  expect(app.unexpected).toEqual([]);
});
