import { globSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream, streams } from "../helpers/mock-upstream.ts";

type Diff = {
  verdict: string;
  gained: { document_id: string }[];
  lost: { document_id: string }[];
  changed_documents: { document_id: string; title: string | null; causes: string[] }[];
};
type Replay = {
  verdict: string;
  withheld: boolean;
  scope_proven: boolean;
  corpus_changes: number;
  retrieval: Diff & { detail?: string };
  prompt?: { verdict: string; lines: { sign: string; text: string }[] };
  answer?: {
    verdict: string;
    model_now: string;
    outcome_now: string;
    text_now?: string;
    first_difference: object | null;
  };
};

const NOT_REPLAYED = { property: "replay", result: "skipped", detail: expect.stringContaining("not been made again") };

let app: LocalApp;
let upstream: MockUpstream;
let said = "The code is 4711. [1]";
beforeAll(async () => {
  upstream = await mockUpstream((response, call) => streams(delta(said), finish("stop"), DONE)(response, call));
  app = await openLocal({ modelUrl: upstream.baseUrl, folder: "docs", auth: "keys" });
}, 120_000);
afterAll(async () => {
  expect(app.unexpected).toEqual([]);
  await app.close();
  await upstream.close();
});

async function replay(id: string, mode: string, more: object = {}, key?: string): Promise<Replay> {
  const asker = key === undefined ? {} : { key };
  const response = await app.send(`/v1/answers/${id}/replay`, { mode, ...more }, asker);
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json()) as Replay;
}

const HEADINGS = globSync("docs/{en,zh}/*.md")
  .sort()
  .flatMap((file) => readFileSync(file, "utf8").match(/^## .+$/gm) ?? [])
  .map((heading) => heading.slice(3));
const QUESTIONS = HEADINGS.filter((_, i) => i % Math.floor(HEADINGS.length / 200) === 0).slice(0, 200);

test("200 past answers are searched and rendered again exactly, and a changed document is named as what changed", async () => {
  expect(QUESTIONS).toHaveLength(200);
  const ids: string[] = [];
  for (const question of QUESTIONS) ids.push((await app.ask(question)).lineage.id);
  for (const id of ids) {
    const { verdict, scope_proven, corpus_changes, retrieval, prompt } = await replay(id, "prompt");
    expect({ verdict, scope_proven, corpus_changes }).toEqual({
      verdict: "exact",
      scope_proven: true,
      corpus_changes: 0,
    });
    expect([retrieval.verdict, prompt?.verdict]).toEqual(["exact", "exact"]);
  }

  const row = await app.db.get<{ id: string }>("select id from document where uri like '%en/limits.md'");
  const text = readFileSync("docs/en/limits.md", "utf8").replaceAll("50 MB", "77 MB");
  const changed = await app.send(`/v1/documents/${row!.id}`, { text }, { method: "PUT" });
  expect(changed.status).toBeLessThan(300);
  await app.local.worker.idle();
  let named = 0;
  for (const id of ids) {
    const { retrieval, corpus_changes } = await replay(id, "retrieval");
    expect(corpus_changes).toBe(1);
    const rows = await app.db.all(
      "select 1 from answer_dep where answer_id = $1 and dep_kind = 'document' and dep_id = $2",
      [id, row!.id],
    );
    const documents = retrieval.changed_documents.map(({ document_id }) => document_id);
    if (rows.length > 0) expect(documents).toEqual([row!.id]);
    else expect([[], [row!.id]]).toContainEqual(documents);
    named += documents.length;
  }
  // How many rest on one page of the handbook is for the handbook to say.
  expect(named).toBeGreaterThan(0);
}, 300_000);

const ask = async (uri: string, text: string, question: string, more: object = {}) => {
  const { document } = await app.upload({ text, uri, collection: "vaults", ...more });
  const { lineage } = await app.ask(question, { cairn: { collections: ["vaults"] } });
  return { document, id: lineage.id };
};

test("the prompt's diff shows the lines that changed", async () => {
  const { document, id } = await ask(
    "a.md",
    "# Vault\n\nThe code of the vault is 4711.",
    "What is the code of the vault?",
  );
  await app.upload({ text: "# Vault\n\nThe code of the vault is 9999.", uri: "a.md", collection: "vaults" });
  const { retrieval, prompt } = await replay(id, "prompt");
  expect(retrieval.changed_documents).toMatchObject([
    { document_id: document.id, title: "Vault", causes: ["new_version", "superseded"] },
  ]);
  const lines = prompt!.lines.filter(({ sign }) => sign !== " ");
  expect(lines).toEqual([
    { sign: "-", text: "The code of the vault is 4711." },
    { sign: "+", text: "The code of the vault is 9999." },
  ]);
  await app.send(`/v1/documents/${document.id}`, undefined, { method: "DELETE" });
  expect((await replay(id, "retrieval")).retrieval.changed_documents).toMatchObject([{ causes: ["deleted"] }]);
});

test("a model that says the same is exact, and one that does not is shown from the first token that differs", async () => {
  const { id } = await ask("b.md", "# Safe\n\nThe code of the safe is 4711.", "What is the code of the safe?");
  const verify = async () => (await app.send(`/v1/answers/${id}/verify`, {})).json();
  expect(await verify()).toMatchObject({ ok: true, checks: expect.arrayContaining([NOT_REPLAYED]) });
  expect(await replay(id, "generation")).toMatchObject({ verdict: "exact", answer: { verdict: "exact" } });
  const replayed = { property: "replay", result: "ok", detail: expect.stringMatching(/^Search, prompt and text/) };
  expect(await verify()).toMatchObject({ ok: true, checks: expect.arrayContaining([replayed]) });
  said = "The code is 0815. [1]";
  expect(await replay(id, "generation")).toMatchObject({
    verdict: "diverged",
    retrieval: { verdict: "exact" },
    prompt: { verdict: "exact" },
    answer: { first_difference: { token: 7, at: 12, was: "4711. [1]", is: "0815. [1]" }, model_now: "mock-model" },
  });
  said = "The code";
  expect((await replay(id, "generation")).answer).toMatchObject({ verdict: "prefix" });
  said = "The code is 4711. [1]";
});

test("what-if asks with today's documents and release, and another release must have been in use", async () => {
  const { id } = await ask("c.md", "# Chest\n\nThe code of the chest is 4711.", "What is the code of the chest?");
  const { answer } = await replay(id, "what-if");
  expect(answer).toMatchObject({ verdict: "exact", outcome_now: "answered" });
  const current = await app.db.get<{ digest: string }>("select digest from release");
  expect(await replay(id, "what-if", { release: current!.digest.slice(0, 12) })).toMatchObject({ verdict: "exact" });
  const unknown = await app.send(`/v1/answers/${id}/replay`, { mode: "what-if", release: "f".repeat(64) });
  expect(unknown.status).toBe(404);
  const misplaced = await app.send(`/v1/answers/${id}/replay`, { mode: "prompt", release: "f".repeat(64) });
  expect(await misplaced.json()).toMatchObject({ param: "release" });
});

test("a replay shows an auditor nothing that is closed to them, and is no one else's to make", async () => {
  const acl = { acl: ["user:admin"] };
  const { id } = await ask("d.md", "# Cave\n\nThe code of the cave is 4711.", "What is the code of the cave?", acl);
  const auditor = await app.keyFor({ subject: "ada", scopes: ["audit"] });
  said = "The cave has 8888. [1]";
  const seen = await replay(id, "generation", {}, auditor.key);
  said = "The code is 4711. [1]";
  expect(seen).toMatchObject({ withheld: true, retrieval: { verdict: "exact" } });
  expect(JSON.stringify(seen)).not.toMatch(/4711|8888|Cave/);
  const asker = await app.keyFor({ subject: "ann", scopes: ["chat"] });
  const other = await app.keyFor({ tenant: "acme", subject: "eve", scopes: ["admin"] });
  expect((await app.send(`/v1/answers/${id}/replay`, {}, { key: asker.key })).status).toBe(403);
  expect((await app.send(`/v1/answers/${id}/replay`, {}, { key: other.key })).status).toBe(404);
});

test("an old generation is searched as it was, and one that was dropped is said to be gone", async () => {
  const { id } = await ask("e.md", "# Crypt\n\nThe code of the crypt is 4711.", "What is the code of the crypt?");
  const { index } = app.state;
  const live = (await index.generations()).find(({ status }) => status === "live")!;
  await index.createGeneration("next", live.manifest);
  await index.promoteGeneration("next");
  expect(await replay(id, "prompt")).toMatchObject({ verdict: "exact" });
  await index.dropGeneration(live.id);
  const dropped = await replay(id, "generation");
  expect(dropped).toMatchObject({ verdict: "gone", prompt: { verdict: "gone" }, answer: { verdict: "exact" } });
  expect(dropped.retrieval.detail).toContain(`${live.id} has been dropped`);
});
