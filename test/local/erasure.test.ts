import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verifyBundle } from "#shared/lineage/verify-bundle.ts";
import { until } from "../helpers/ask.ts";
import { type LocalApp, openLocal, type PastAnswer } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream, streams } from "../helpers/mock-upstream.ts";

const QUESTION = "What is the code of the vault?";
const TEXT =
  "# Quixotry\n\nThe code of the vault is zanzibarcode.\n\n保险库的密码是桑给巴尔岛四七一一，请勿外传给任何其他人员知道。\n";
const SECRETS = ["quixotr", "hush-hush", "zanzibarcode", "桑给巴尔", "四七一一"];

type Erasure = {
  id: string;
  state: string;
  removed: Record<string, number>;
  receipt: { payload: string; signatures: object[] };
};
type Seen = PastAnswer & { erased: boolean };

let said: string;
let held: Promise<void>;
let upstream: MockUpstream;
let app: LocalApp;
beforeEach(async () => {
  said = "The code of the vault is zanzibarcode. [1]";
  held = Promise.resolve();
  upstream = await mockUpstream(async (response, call) => {
    await held;
    await streams(delta(said), finish("stop"), DONE)(response, call);
  });
  app = await openLocal({ modelUrl: upstream.baseUrl });
});
afterEach(async () => {
  expect(app.unexpected).toEqual([]);
  await app.close();
  await upstream.close();
});

/** Every file below the folder that holds one of the words, whatever its form in capitals. */
function filesWith(words: readonly string[], folder = join(app.folder, "data")): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const bytes = readFileSync(path).toString("latin1").toLowerCase();
      return words.some((word) => bytes.includes(Buffer.from(word).toString("latin1").toLowerCase()));
    });
}

async function erase(document: string): Promise<Erasure> {
  const response = await app.send("/v1/erasures", { document, reason: "A request of the person." });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as Erasure;
  return done(id);
}
async function done(id: string): Promise<Erasure> {
  let erasure: Erasure | undefined;
  await until(
    "the document is erased",
    async () => {
      erasure = (await (await app.send(`/v1/erasures/${id}`)).json()) as Erasure;
      return erasure.state === "done";
    },
    20_000,
  );
  return erasure!;
}
const past = async (id: string) => (await app.send(`/v1/answers/${id}`)).json() as Promise<Seen>;

test("after an erasure no byte of the text is in any file, and the records still verify and say ERASED", async () => {
  const { document } = await app.upload({ text: TEXT, uri: "hush-hush.md" });
  await app.upload({ text: TEXT.replace("zanzibarcode", "zanzibarcode2"), uri: "hush-hush.md" });
  const { document: other } = await app.upload({ text: "# Lamp\n\nThe lamp is in the hall.", uri: "lamp.md" });
  const ids: string[] = [];
  for (const question of [QUESTION, "保险库的密码是什么？"]) ids.push((await app.ask(question)).lineage.id);
  said = "The lamp is in the hall. [1]";
  const kept = (await app.ask("Where is the lamp?")).lineage.id;
  for (const rating of ["down", "up"]) {
    await app.send(`/v1/answers/${ids[0]}/feedback`, { rating, comment: "zanzibarcode is wrong" });
  }
  expect(filesWith(SECRETS).length).toBeGreaterThan(1);

  const erasure = await erase(document.id);
  expect(erasure.removed).toMatchObject({ versions: 2, answers: 2 });
  expect(filesWith(SECRETS)).toEqual([]);
  expect((await app.send(`/v1/documents/${document.id}`)).status).toBe(404);
  for (const id of ids) {
    const seen = await past(id);
    expect(seen).toMatchObject({ withheld: true, erased: true });
    expect(seen.content).toMatch(/^ERASED|^已擦除/);
    const bundle = await (await app.send(`/v1/answers/${id}/record`)).text();
    const { ok, checks } = verifyBundle(bundle);
    expect(ok).toBe(true);
    expect(checks.find(({ property }) => property === "answer")).toMatchObject({ result: "erased" });
    expect(checks.find(({ property }) => property === "answer")?.detail).toContain("ERASED");
    const replayed = await (await app.send(`/v1/answers/${id}/replay`, { mode: "generation" })).json();
    expect(replayed).toMatchObject({ verdict: "gone" });
  }
  expect(await past(kept)).toMatchObject({ erased: false, withheld: false });
  expect((await app.send(`/v1/documents/${other.id}`)).status).toBe(200);
  expect((await app.ask("Where is the lamp?")).outcome).not.toBe("no_evidence");
});

test("the receipt is signed, in the log, and tells what was removed without the text", async () => {
  const { document } = await app.upload({ text: TEXT, uri: "hush-hush.md" });
  await app.ask(QUESTION);
  const { id, receipt } = await erase(document.id);
  expect(receipt.signatures).toHaveLength(1);
  const statement = JSON.parse(Buffer.from(receipt.payload, "base64").toString());
  expect(statement).toMatchObject({
    predicateType: "urn:cairn:lineage:erasure:v1",
    subject: [{ name: `document:${document.id}` }, { digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } }],
    predicate: { erasure_id: id, requested_by: "admin", removed: { versions: 1, answers: 1 } },
  });
  const leaves = await app.db.all("select kind from log_leaf where id = $1", [id]);
  expect(leaves).toEqual([{ kind: "erasure" }]);
  const again = await app.send("/v1/erasures", { document: document.id, reason: "Once more." });
  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({ id, state: "done" });
});

test("what was said from an erased answer goes too, in whichever conversation it was repeated", async () => {
  const { document } = await app.upload({ text: TEXT, uri: "hush-hush.md" });
  await app.upload({ text: "# Lamp\n\nThe lamp is in the hall.", uri: "lamp.md" });
  const first = await app.ask(QUESTION);
  said = "As I said, zanzibarcode, and the lamp is in the hall. [1]";
  const messages = [
    { role: "user", content: QUESTION },
    { role: "assistant", content: first.choices[0]!.message.content },
    { role: "user", content: "Where is the lamp?" },
  ];
  const second = (await (await app.send("/v1/chat/completions", { model: "cairn", messages })).json()) as typeof first;
  const pasted = await app.ask("Is the lamp where the code of the vault is zanzibarcode says it is?");
  said = "The lamp is in the hall. [1]";
  const clean = await app.ask("Where is the lamp?");
  await erase(document.id);
  expect(filesWith(SECRETS)).toEqual([]);
  expect(await past(second.lineage.id)).toMatchObject({ erased: true });
  expect(await past(pasted.lineage.id)).toMatchObject({ erased: true, question: "" });
  expect(await past(clean.lineage.id)).toMatchObject({ erased: false });
});

test("an answer that is being given during the erasure keeps its record and none of the text", async () => {
  const { document } = await app.upload({ text: TEXT, uri: "hush-hush.md" });
  const going = Promise.withResolvers<void>();
  held = going.promise;
  const asking = app.ask(QUESTION);
  await until("the model is asked", () => upstream.calls.length === 1);
  const erased = await erase(document.id);
  going.resolve();
  const { lineage } = await asking;
  expect(erased.removed).toMatchObject({ answers: 0 });
  expect(await past(lineage.id)).toMatchObject({ erased: true });
  expect(filesWith(SECRETS)).toEqual([]);
  const bundle = await (await app.send(`/v1/answers/${lineage.id}/record`)).text();
  expect(verifyBundle(bundle).ok).toBe(true);
  expect((await app.ask(QUESTION)).outcome).toBe("no_evidence");
});

test("a document that was deleted before can be erased, and another tenant's cannot", async () => {
  const { document } = await app.upload({ text: TEXT, uri: "hush-hush.md" });
  const { lineage } = await app.ask(QUESTION);
  await app.send(`/v1/documents/${document.id}`, undefined, { method: "DELETE" });
  await app.local.worker.idle();
  expect(filesWith(SECRETS)).not.toEqual([]);
  const eve = await app.keyFor({ tenant: "acme", subject: "eve", scopes: ["admin"] });
  const ann = await app.keyFor({ subject: "ann", scopes: ["ingest", "audit"] });
  const body = { document: document.id, reason: "A request." };
  expect((await app.send("/v1/erasures", body, { key: eve.key })).status).toBe(404);
  expect((await app.send("/v1/erasures", body, { key: ann.key })).status).toBe(403);
  await erase(document.id);
  expect(filesWith(SECRETS)).toEqual([]);
  expect(await past(lineage.id)).toMatchObject({ erased: true });
});
