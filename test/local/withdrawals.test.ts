import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal, type PastAnswer, textOf } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream, streams } from "../helpers/mock-upstream.ts";
import { tally } from "./read-stream.ts";

const QUESTION = "What is the code of the vault?";
type Withdrawal = { id: string; state: string; impact: { answers: number; by_use: Record<string, number> } };
type Version = { id: string; parser: string; ingest_run: string };

let upstream: MockUpstream;
let app: LocalApp;
beforeAll(async () => {
  upstream = await mockUpstream(streams(delta("The code of the vault is 4711. [1]"), finish("stop"), DONE));
  app = await openLocal({ modelUrl: upstream.baseUrl, auth: "keys" });
  await app.upload({ text: "# Vault\n\nThe code of the vault is 4711.", uri: "vault.md" });
  await app.upload({ text: "# Notes\n\nThe vault is in the cellar.", uri: "notes.txt", media_type: "text/plain" });
});
afterAll(async () => {
  const [answers, counted, kept] = await tally(app);
  expect([counted, kept]).toEqual([answers, answers]);
  expect(app.unexpected).toEqual([]);
  await app.close();
  await upstream.close();
});

async function withdraw(kind: string, target: string, more: object = {}): Promise<Withdrawal> {
  const response = await app.send("/v1/withdrawals", { kind, target, reason: "It was wrong.", ...more });
  if (response.status >= 300) throw new Error(await response.text());
  return (await response.json()) as Withdrawal;
}
const lift = (id: string) => app.send(`/v1/withdrawals/${id}/lift`, { reason: "It was right." });
const past = async (id: string) => (await app.send(`/v1/answers/${id}`)).json() as Promise<PastAnswer & Seen>;
type Seen = { withdrawn: { kind: string; reason?: string }[] };

async function vault(): Promise<{ id: string; version: Version }> {
  const { documents } = (await (await app.send("/v1/documents")).json()) as {
    documents: { id: string; uri: string }[];
  };
  const { id } = documents.find(({ uri }) => uri === "vault.md")!;
  const found = (await (await app.send(`/v1/documents/${id}`)).json()) as { versions: Version[] };
  return { id, version: found.versions[0]! };
}

test.for(["document", "document_version", "ingest_run", "parser"])(
  "a withdrawn %s is in no question's evidence from the next one on, is said of past answers, and comes back when lifted",
  async (kind) => {
    const { id, version } = await vault();
    const targets: Record<string, string> = { document: id, document_version: version.id };
    const target = targets[kind] ?? (kind === "parser" ? version.parser : version.ingest_run);
    const before = await app.ask(QUESTION);
    expect(before.lineage.sources.map(({ document_id }) => document_id)).toContain(id);
    const withdrawal = await withdraw(kind, target);
    expect(withdrawal.state).toBe("active");
    expect(withdrawal.impact.by_use.cited).toBeGreaterThan(0);

    const during = await app.ask(QUESTION);
    expect(during.lineage.sources.map(({ document_id }) => document_id)).not.toContain(id);
    const search = (await (await app.send("/v1/search", { query: QUESTION })).json()) as { results: object[] };
    expect(JSON.stringify(search.results)).not.toContain("4711");
    const seen = await past(before.lineage.id);
    expect(seen).toMatchObject({ withheld: true, withdrawn: [{ kind, reason: "It was wrong." }] });
    expect(seen.content).toMatch(/has been withdrawn/);
    expect(seen.citations).toMatchObject([{ source: { status: "withdrawn" } }]);
    expect(JSON.stringify(seen)).not.toContain("4711");

    expect(await (await lift(withdrawal.id)).json()).toMatchObject({ state: "lifted", lift_reason: "It was right." });
    expect((await app.ask(QUESTION)).lineage.sources.map(({ document_id }) => document_id)).toContain(id);
    expect(await past(before.lineage.id)).toMatchObject({ withheld: false, withdrawn: [] });
  },
);

test("a withdrawn model answers no more: the next one does, and without any a clear 503 with its record", async () => {
  const before = await app.ask(QUESTION);
  const mock = await withdraw("model", "mock-model");
  const calls = upstream.calls.length;
  const during = await app.ask(QUESTION);
  expect(during).toMatchObject({ outcome: "answered", lineage: { models: [{ model: "cairn-extractive" }] } });
  expect(upstream.calls.length).toBe(calls);
  expect(await past(before.lineage.id)).toMatchObject({ withheld: false, withdrawn: [{ kind: "model" }] });
  const last = await withdraw("model", "cairn-extractive");
  const refused = await app.send("/v1/chat/completions", app.chatBody(QUESTION));
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "withdrawn" } });
  expect((await app.send(`/v1/answers/${refused.headers.get("lineage-id")}/record`)).status).toBe(200);
  for (const { id } of [mock, last]) await lift(id);
  expect(await app.ask(QUESTION)).toMatchObject({ lineage: { models: [{ model: "mock-model" }] } });
});

test.for(["release", "prompt"])("a withdrawn %s ends the answers until it is lifted", async (kind) => {
  const before = await app.ask(QUESTION);
  const dep = await app.db.get<{ dep_id: string }>(
    "select dep_id from answer_dep where answer_id = $1 and dep_kind = $2",
    [before.lineage.id, kind],
  );
  const { id, impact } = await withdraw(kind, dep!.dep_id, { scope: "installation" });
  expect(impact.by_use.configured).toBe(impact.answers);
  const refused = await app.send("/v1/chat/completions", app.chatBody(QUESTION));
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "withdrawn", message: expect.stringContaining(kind) } });
  await lift(id);
  expect(textOf(await app.ask(QUESTION))).toContain("4711");
});

test("withdrawing again gives the withdrawal that stands, and each change is in log and audit", async () => {
  const { id } = await vault();
  const first = await withdraw("document", id);
  const again = await app.send("/v1/withdrawals", { kind: "document", target: id, reason: "Once more." });
  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({ id: first.id, reason: "It was wrong." });
  await lift(first.id);
  await lift(first.id);
  const listed = (await (await app.send("/v1/withdrawals?active=true")).json()) as { withdrawals: object[] };
  expect(listed.withdrawals).toEqual([]);
  const actions = await app.db.all("select action from audit where target = $1 order by at, action", [first.id]);
  expect(actions).toEqual([{ action: "withdrawal.create" }, { action: "withdrawal.lift" }]);
  const leaves = await app.db.all("select kind from log_leaf where kind like 'withdrawal%' order by kind");
  const [all] = await app.db.all<{ made: number; lifted: number }>(
    "select count(*) as made, count(lifted_at) as lifted from withdrawal",
  );
  expect(leaves).toHaveLength(all!.made + all!.lifted);
});

test("only administrators withdraw, auditors look, and another tenant sees nothing of it", async () => {
  const { id } = await vault();
  const auditor = await app.keyFor({ subject: "ada", scopes: ["audit"] });
  const asker = await app.keyFor({ subject: "ann", scopes: ["chat"] });
  const other = await app.keyFor({ tenant: "acme", subject: "eve", scopes: ["admin"] });
  const body = { kind: "document", target: id, reason: "It was wrong." };
  for (const { key } of [auditor, asker]) expect((await app.send("/v1/withdrawals", body, { key })).status).toBe(403);
  expect((await app.send("/v1/withdrawals", body, { key: other.key })).status).toBe(404);
  const everywhere = { kind: "model", target: "mock-model", reason: "It lies.", scope: "installation" };
  expect((await app.send("/v1/withdrawals", everywhere, { key: other.key })).status).toBe(403);
  const document = { ...body, scope: "installation" };
  expect(await (await app.send("/v1/withdrawals", document)).json()).toMatchObject({ param: "scope" });

  const withdrawal = await withdraw("document", id);
  const impact = `/v1/withdrawals/${withdrawal.id}/impact`;
  expect((await app.send(impact, undefined, { key: auditor.key })).status).toBe(200);
  expect((await app.send(impact, undefined, { key: asker.key })).status).toBe(403);
  expect((await app.send(impact, undefined, { key: other.key })).status).toBe(404);
  expect((await app.send(`/v1/withdrawals/${withdrawal.id}/lift`, { reason: "No." }, { key: other.key })).status).toBe(
    404,
  );
  await lift(withdrawal.id);
});
