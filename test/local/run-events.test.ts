import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../helpers/ask.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";

type Event = {
  eventType: string;
  run: { runId: string };
  job: { name: string };
  inputs: { name: string; facets?: { version: object } }[];
  outputs: { name: string; outputFacets?: { outputStatistics: object } }[];
};

type Facetted = { facets?: Record<string, object>; outputFacets?: Record<string, object> };

const FOLDER = "test/fixtures/openlineage";
const read = (file: string): object => JSON.parse(readFileSync(`${FOLDER}/${file}`, "utf8")) as object;
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
const FACETS = {
  jobType: "JobTypeJobFacet",
  version: "DatasetVersionDatasetFacet",
  outputStatistics: "OutputStatisticsOutputDatasetFacet",
};
ajv.addSchema(read("OpenLineage.json"));
const facetChecks = Object.fromEntries(
  Object.entries(FACETS).map(([name, file]) => [name, ajv.compile(read(`facets/${file}.json`))]),
);
const isEvent = ajv.getSchema("https://openlineage.io/spec/2-0-2/OpenLineage.json")!;

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal();
});
afterAll(async () => {
  expect(app.unexpected).toEqual([]);
  await app.close();
});

async function eventsOf(job: string): Promise<Event[]> {
  const { events } = (await (await app.send("/v1/openlineage/events?limit=1000")).json()) as { events: Event[] };
  return events.filter((event) => event.job.name === job);
}

test("ingest, erasure, reindex and evaluation runs begin and end, valid by the official schema and with no address or title", async () => {
  const { document } = await app.upload({ text: "# Vault of zanzibar\n\nThe code is 4711.", uri: "secret-name.md" });
  await until("the ingest run is over", async () => (await eventsOf("ingest")).length === 2);
  await app.send("/v1/erasures", { document: document.id, reason: "A request." });
  await until("the erasure is over", async () => (await eventsOf("erase")).length === 2, 20_000);
  expect((await app.send("/v1/index/reindexes", {})).status).toBe(202);
  await until("the reindex is over", async () => (await eventsOf("reindex")).length === 2, 20_000);
  const run_id = crypto.randomUUID();
  for (const type of ["START", "COMPLETE"]) {
    const told = await app.send("/v1/openlineage/runs", { run_id, type, inputs: ["handbook"] });
    expect(told.status).toBe(204);
  }
  for (const job of ["ingest", "erase", "reindex", "evaluate"]) {
    const events = await eventsOf(job);
    expect(events.map(({ eventType }) => eventType)).toEqual(["START", "COMPLETE"]);
    expect(new Set(events.map(({ run }) => run.runId)).size).toBe(1);
    for (const event of events) {
      expect(isEvent(event) || isEvent.errors).toBe(true);
      const parts = [event.job, ...event.inputs, ...event.outputs] as Facetted[];
      const facets = parts.flatMap(({ facets, outputFacets }) => Object.entries({ ...facets, ...outputFacets }));
      for (const [name, facet] of facets) {
        const check = facetChecks[name]!;
        expect(check({ [name]: facet }) || check.errors).toBe(true);
      }
    }
    expect(JSON.stringify(events)).not.toMatch(/zanzibar|secret-name/);
  }
  const [, ended] = await eventsOf("ingest");
  expect(ended).toMatchObject({
    inputs: [{ name: `document/${document.id}`, facets: { version: { datasetVersion: expect.any(String) } } }],
    outputs: [{ name: "index/default", outputFacets: { outputStatistics: { rowCount: 1, fileCount: 1 } } }],
  });
});

test("a run that ends in nothing that can be read has failed", async () => {
  const before = (await eventsOf("ingest")).length;
  const form = new FormData();
  form.set("file", new Blob([Buffer.from("%PDF-1.4 broken")], { type: "application/pdf" }), "broken.pdf");
  const sent = await fetch(`${app.address}/v1/documents`, { method: "POST", body: form });
  expect(sent.status).toBe(202);
  await until("the run is over", async () => (await eventsOf("ingest")).length === before + 2, 20_000);
  expect((await eventsOf("ingest")).at(-1)).toMatchObject({ eventType: "FAIL", outputs: [] });
});

test("pages follow one another, and others than auditors read nothing", async () => {
  const all = await eventsOf("ingest");
  const first = (await (await app.send("/v1/openlineage/events?limit=1")).json()) as {
    events: Event[];
    next_cursor: string;
  };
  const query = new URLSearchParams({ limit: "1", cursor: first.next_cursor });
  const second = (await (await app.send(`/v1/openlineage/events?${query}`)).json()) as { events: Event[] };
  expect([...first.events, ...second.events].map(({ run }) => run.runId)).toContain(all[0]!.run.runId);
  const { key } = await app.keyFor({ subject: "ann", scopes: ["chat"] });
  expect((await app.send("/v1/openlineage/events", undefined, { key })).status).toBe(403);
});
