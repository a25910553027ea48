import { afterAll, beforeAll, expect, test } from "vitest";
import { commitment } from "#shared/digest.ts";
import type { Bundle } from "#shared/lineage/bundle.ts";
import { type Completion, type LocalApp, openLocal } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream, streams } from "../helpers/mock-upstream.ts";
import { readStream, tally } from "./read-stream.ts";

const QUESTION = "Which port does the gateway listen on?";
let said = "The gateway listens on port 8081. [1]";
let upstream: MockUpstream;
let app: LocalApp;
beforeAll(async () => {
  upstream = await mockUpstream((response, call) => streams(delta(said), finish("stop"), DONE)(response, call));
  app = await openLocal({ modelUrl: upstream.baseUrl });
  await app.upload({ text: "# Ports\n\nThe gateway listens on port 8081.", uri: `${"u".repeat(239)}😀.md` });
  for (let i = 0; i < 3; i++)
    await app.upload({ text: `# Note ${i}\n\nA port of the sea, number ${i}.`, uri: `n${i}` });
});
afterAll(async () => {
  const [answers, counted, kept] = await tally(app);
  expect([counted, kept]).toEqual([answers, answers]);
  expect(app.unexpected).toEqual([]);
  await app.close();
  await upstream.close();
});

type Record = {
  predicate: {
    model: object;
    buildDefinition: { resolvedDependencies: { name: string; annotations?: { name_sha256?: string } }[] };
    runDetails: { byproducts: { name: string; digest: { sha256: string } }[] };
  };
};
const recordOf = async (id: string): Promise<Record> => {
  const { envelope } = (await (await app.send(`/v1/answers/${id}/record`)).json()) as Bundle;
  return JSON.parse(Buffer.from(envelope.payload, "base64").toString()) as Record;
};

test("a name that is no whole text is refused with its field, before anything is asked", async () => {
  for (const stream of [false, true]) {
    const body = app.chatBody(QUESTION, { stream, cairn: { collections: ["default", "\ud800"] } });
    const response = await app.send("/v1/chat/completions", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: "cairn.collections.1" } });
  }
  const search = await app.send("/v1/search", { query: "port", collections: ["\ud800"] });
  expect(search.status).toBe(400);
});

test.for([false, true])(
  "whatever text a caller or a model sends, the answer has a record (stream: %s)",
  async (stream) => {
    said = "The gateway \ud800 listens on port 8081 \udc00. [1]";
    const messages = [
      { role: "user", content: "half \ud800" },
      { role: "assistant", content: "\udfff" },
      { role: "user", content: `${QUESTION} \ud83d` },
    ];
    const body = { model: "cairn", messages, stream, stop: ["\ud800"], user: "\udfff" };
    const response = await app.send("/v1/chat/completions", body);
    const id = response.headers.get("lineage-id")!;
    if (stream) expect((await readStream(response)).done).toBe(true);
    else expect((await response.json()) as Completion).toHaveProperty("lineage");
    expect((await app.send(`/v1/answers/${id}/record`)).status).toBe(200);
    said = "The gateway listens on port 8081. [1]";
  },
);

test("the record names upstream, model and attempts, and nothing of our own events", async () => {
  const { lineage } = await app.ask(QUESTION);
  const { model } = (await recordOf(lineage.id)).predicate;
  expect(model).not.toHaveProperty("type");
  expect(model).toMatchObject({ model: "mock-model", attempts: 1 });
});

test("a source is named where it is shown, and in the record only by what its salt opens", async () => {
  const { lineage } = await app.ask(QUESTION);
  const { resolvedDependencies } = (await recordOf(lineage.id)).predicate.buildDefinition;
  const committed = resolvedDependencies.flatMap(({ annotations }) => annotations?.name_sha256 ?? []);
  const sources = lineage.sources as { title: string; uri: string; version_id: string }[];
  expect(sources.length).toBeGreaterThan(0);
  const documents = await app.db.all<{ id: string; salt: string; title: string; uri: string }>(
    "select v.id, v.salt, d.title, d.uri from document_version v join document d on d.id = v.document_id",
  );
  for (const [i, { title, uri, version_id }] of sources.entries()) {
    const document = documents.find(({ id }) => id === version_id)!;
    expect(commitment(document.salt, JSON.stringify([document.title, document.uri]))).toBe(committed[i]);
    expect([document.title.startsWith(title), document.uri.startsWith(uri), uri.isWellFormed()]).not.toContain(false);
  }
  expect(sources.map(({ uri }) => uri)).toContain(`${"u".repeat(239)}😀`);
  expect(JSON.stringify(resolvedDependencies)).not.toContain("uuu");
});

test("the kept prompt opens the record's commitment", async () => {
  const messages = [
    { role: "user", content: "Hello" },
    { role: "assistant", content: "Hello." },
    { role: "user", content: QUESTION },
  ];
  const answer = (await (await app.send("/v1/chat/completions", { model: "cairn", messages })).json()) as Completion;
  const kept = await app.db.get<{ prompt: string; salts: string }>("select prompt, salts from answer where id = $1", [
    answer.lineage.id,
  ]);
  const { byproducts } = (await recordOf(answer.lineage.id)).predicate.runDetails;
  const { prompt: salt } = JSON.parse(kept!.salts) as { prompt: string };
  expect(byproducts).toEqual([{ name: "prompt", digest: { sha256: commitment(salt, kept!.prompt) } }]);
  expect(kept!.prompt).toContain('"Hello."');
});

test("documents, versions and passages are found by every use, retrieved ones too", async () => {
  const { lineage } = await app.ask(QUESTION, { cairn: { top_k: 1 } });
  const rows = await app.db.all<{ dep_kind: string; use: string }>(
    `select distinct dep_kind, use from answer_dep
     where answer_id = $1 and dep_kind in ('chunk', 'document', 'document_version') order by use, dep_kind`,
    [lineage.id],
  );
  const kinds = ["chunk", "document", "document_version"];
  expect(rows).toEqual(["cited", "retrieved"].flatMap((use) => kinds.map((dep_kind) => ({ dep_kind, use }))));
});
