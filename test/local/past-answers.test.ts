import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../helpers/ask.ts";
import { type LocalApp, openLocal, type PastAnswer, textOf } from "../helpers/local.ts";
import {
  type Behaviour,
  DONE,
  delta,
  finish,
  type MockUpstream,
  mockUpstream,
  stalls,
  streams,
} from "../helpers/mock-upstream.ts";
import { readStream } from "./read-stream.ts";

const QUESTION = "What is the code of the vault?";
const SECRET = /4711/;
let behave: Behaviour;
let upstream: MockUpstream;
let app: LocalApp;
let asker: { key: string };

beforeAll(async () => {
  upstream = await mockUpstream((response, call) => behave(response, call));
  app = await openLocal({ modelUrl: upstream.baseUrl });
  asker = await app.keyFor({ tenant: "local", subject: "ann", groups: ["vault"] });
});
afterAll(async () => {
  expect(app.unexpected).toEqual([]);
  await app.close();
  await upstream.close();
});

const says = (...pieces: string[]): Behaviour => streams(...pieces.map(delta), finish("stop"), DONE);
const past = async (id: string): Promise<PastAnswer> =>
  (await app.send(`/v1/answers/${id}`, undefined, asker)).json() as Promise<PastAnswer>;
const vault = (uri: string, code = "4711") =>
  app.upload({ text: `# Vault\n\nThe code of the vault is ${code}.`, uri, acl: ["group:vault"] });
const patch = (id: string, acl: string[]) => app.send(`/v1/documents/${id}`, { acl }, { method: "PATCH" });
const remove = (id: string) => app.send(`/v1/documents/${id}`, undefined, { method: "DELETE" });

test("an answer whose source was closed is withheld, also in its conversation, and comes back with the access", async () => {
  const { document } = await vault("a.md");
  behave = says("The code of the vault is 4711. [1]");
  const answer = await app.ask(QUESTION, {}, asker);
  expect(textOf(answer)).toMatch(SECRET);
  await patch(document.id, ["group:other"]);
  const view = JSON.stringify(await past(answer.lineage.id));
  expect(view).not.toMatch(SECRET);
  expect(view).not.toMatch(new RegExp(`${document.id}|a\\.md`));
  const conversation = `/v1/conversations/${answer.lineage.conversation_id}`;
  expect(await (await app.send(conversation, undefined, asker)).text()).not.toMatch(SECRET);
  await patch(document.id, ["group:vault"]);
  expect((await past(answer.lineage.id)).content).toMatch(SECRET);
  await remove(document.id);
});

test("an answer that was cut off before its marker is withheld like one that cites", async () => {
  const { document } = await vault("b.md");
  // The source does not bear it out: to what it does, the service adds the marker.
  behave = stalls(delta("A chest in Lisbon opens with 4711. "));
  const left = new AbortController();
  const body = app.chatBody(QUESTION, { stream: true });
  const response = await app.send("/v1/chat/completions", body, { ...asker, signal: left.signal });
  await readStream(response, (text) => text.includes("4711"));
  left.abort();
  const id = response.headers.get("lineage-id")!;
  await until("the answer is kept", async () => (await app.send(`/v1/answers/${id}`, undefined, asker)).ok);
  expect((await past(id)).content).toMatch(SECRET);
  await remove(document.id);
  expect(await past(id)).toMatchObject({ withheld: true, citations: [] });
  expect((await past(id)).content).not.toMatch(SECRET);
});

test("what was deleted stays deleted when something else is uploaded under its uri", async () => {
  const { document } = await vault("c.md");
  behave = says("The code of the vault is 4711. [1]");
  const { lineage } = await app.ask(QUESTION, {}, asker);
  await remove(document.id);
  await app.local.worker.idle();
  const again = await vault("c.md", "none of your business");
  expect(again.document.id).toBe(document.id);
  expect(await past(lineage.id)).toMatchObject({ withheld: true, lineage: { sources: [{ status: "unavailable" }] } });
  const old = await app.send(`/v1/documents/${document.id}/versions/${lineage.sources[0]!.version_id}/text`);
  expect(old.status).toBe(404);
  await remove(document.id);
});

test("an answer from a version before the present one is shown as superseded", async () => {
  const { document } = await vault("d.md");
  behave = says("The code of the vault is 4711. [1]");
  const { lineage } = await app.ask(QUESTION, {}, asker);
  await vault("d.md", "0000");
  const view = await past(lineage.id);
  expect(view).toMatchObject({ withheld: false, citations: [{ source: { status: "superseded" } }] });
  await remove(document.id);
});

test("the withheld text is said in the language of the question", async () => {
  const { document } = await app.upload({ text: "# 保险库\n\n保险库的密码是四七一一。", uri: "e.md" });
  behave = says("保险库的密码是四七一一。[1]");
  const { lineage } = await app.ask("保险库的密码是什么？", {}, asker);
  await remove(document.id);
  expect((await past(lineage.id)).content).toMatch(/无权阅读/);
});

test("a conversation that is deleted while an answer is being given stays empty", async () => {
  const { document } = await vault("f.md");
  behave = says("The code of the vault is 4711. [1]");
  const { lineage } = await app.ask(QUESTION, {}, asker);
  const cairn = { conversation_id: lineage.conversation_id };
  const asked = upstream.calls.length;
  const going = Promise.withResolvers<void>();
  behave = async (response, call) => {
    await going.promise;
    await says("The code of the vault is 4711. [1]")(response, call);
  };
  const answer = app.ask(QUESTION, { cairn }, asker);
  await until("the model is asked", () => upstream.calls.length > asked);
  const conversation = `/v1/conversations/${cairn.conversation_id}`;
  expect((await app.send(conversation, undefined, { ...asker, method: "DELETE" })).status).toBe(204);
  going.resolve();
  expect((await answer).outcome).toBe("answered");
  expect((await app.send(conversation, undefined, asker)).status).toBe(404);
  const left = await app.db.all("select id from message where conversation_id = $1", [cairn.conversation_id]);
  expect(left).toEqual([]);
  await remove(document.id);
});

test("an index into an array is code, and no marker of a source", async () => {
  const { document } = await app.upload({
    text: "# Pods\n\nSet spec.containers[0].name to web and items[1].kind to Pod.",
    uri: "g.md",
  });
  behave = says("Set spec.containers[0].name to web and items[1].kind to Pod. [1]");
  const answer = await app.ask("What is containers name set to?");
  expect(textOf(answer)).toBe("Set spec.containers[0].name to web and items[1].kind to Pod. [1]");
  expect(answer.citations).toMatchObject([{ marker: 1, verified: true, answer: { start: 0, end: 60 } }]);
  await remove(document.id);
});
