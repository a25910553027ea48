import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal, type PastAnswer, textOf, type Uploaded } from "../helpers/local.ts";
import {
  COLLECTIONS,
  copyOf,
  currentOf,
  type Doc,
  keyOf,
  mayRead,
  meanwhile,
  type Op,
  PEOPLE,
  type Person,
  rounds,
  statusOf,
  TENANTS,
  type TenantName,
  visible,
  wordOf,
} from "./access-model.ts";

const TIME_LIMIT_MS = 35_000;
const SHARED = "vornak";
type Result = { document_id: string; version_id: string; text: string };
type Asked = { readonly id: string; readonly person: Person; readonly versions: readonly string[] };

let app: LocalApp;
let serial = 0;
let run = 0;
beforeAll(async () => {
  app = await openLocal();
});
afterAll(() => app.close());

/** One corpus of two fresh tenants, and the model of it. */
async function openCorpus() {
  run += 1;
  const tenantOf = (name: TenantName): string => `${name}${run}`;
  const keys = new Map<string, string>();
  const keyName = ({ tenant, subject }: Pick<Person, "tenant" | "subject">): string => `${tenant}/${subject}`;
  for (const { tenant, subject, groups } of PEOPLE) {
    const made = await app.keyFor({ tenant: tenantOf(tenant), subject, groups: [...groups], scopes: ["chat"] });
    keys.set(`${tenant}/${subject}`, made.key);
  }
  for (const tenant of TENANTS) {
    const made = await app.keyFor({ tenant: tenantOf(tenant), subject: "root", scopes: ["admin"] });
    keys.set(`${tenant}/root`, made.key);
  }
  const keyFor = (person: Pick<Person, "tenant" | "subject">) => ({ key: keys.get(keyName(person))! });
  const docs: Doc[] = [];
  const asked: Asked[] = [];

  async function search(person: Person, query: string, collections?: readonly string[]): Promise<Result[]> {
    const response = await app.send("/v1/search", { query, top_k: 50, collections }, keyFor(person));
    expect(response.status).toBe(200);
    return ((await response.json()) as { results: Result[] }).results;
  }

  /** The request is sent, and the model changed once it was acknowledged. */
  async function apply(op: Op): Promise<void> {
    const root = keyFor({ tenant: op.slot.tenant, subject: "root" });
    const doc = docs.find(({ key }) => key === keyOf(op.slot));
    if (op.kind === "put") {
      const word = wordOf(serial++);
      const text = `# Note\n\nThe code of ${word} is ${word}secret. ${SHARED} 🙂 stands everywhere.`;
      const { collection, uri } = op.slot;
      const response = await app.send("/v1/documents", { text, uri: `note:${uri}`, collection, acl: op.acl }, root);
      expect(response.status).toBe(202);
      const { document, version_id } = (await response.json()) as Uploaded;
      const version = { id: version_id, word, erased: false };
      if (!doc) {
        const { tenant } = op.slot;
        const acl = op.acl ?? ["tenant"];
        docs.push({
          id: document.id,
          key: keyOf(op.slot),
          tenant,
          collection,
          acl,
          versions: [version],
          deleted: false,
        });
        return;
      }
      // Nothing of what was said about a deleted document holds for the one that takes its place.
      doc.acl = op.acl ?? (doc.deleted ? ["tenant"] : doc.acl);
      doc.deleted = false;
      doc.versions.push(version);
      return;
    }
    const path = `/v1/documents/${doc?.id ?? "none"}`;
    const response = await (op.kind === "acl"
      ? app.send(path, { acl: op.acl }, { ...root, method: "PATCH" })
      : app.send(path, undefined, { ...root, method: "DELETE" }));
    if (!doc || doc.deleted) return expect(response.status).toBe(404);
    expect(response.ok).toBe(true);
    if (op.kind === "acl") doc.acl = op.acl;
    else {
      doc.deleted = true;
      for (const version of doc.versions) version.erased = true;
    }
  }

  /** While changes happen a search may see the corpus before or after each of them, and nothing else. */
  async function change(ops: readonly Op[]): Promise<void> {
    const before = copyOf(docs);
    const seen = await Promise.all([
      ...PEOPLE.map(async (person) => ({ person, results: await search(person, SHARED) })),
      ...ops.map(async (op) => void (await apply(op))),
    ]);
    for (const found of seen) {
      if (!found) continue;
      const allowed = meanwhile(before, docs, found.person);
      for (const id of idsOf(found.results)) expect(allowed).toContain(id);
    }
    // Acknowledged, though the worker is still at it: what was closed or deleted is out of sight for the next question.
    for (const person of PEOPLE) {
      for (const { document_id } of await search(person, SHARED)) {
        expect(mayRead(person, docs.find(({ id }) => id === document_id)!)).toBe(true);
      }
    }
  }

  async function checkSearch(): Promise<void> {
    for (const person of PEOPLE) {
      expect(idsOf(await search(person, SHARED))).toEqual(visible(docs, person));
      const [only] = COLLECTIONS;
      expect(idsOf(await search(person, SHARED, [only]))).toEqual(visible(docs, person, [only]));
    }
    for (const doc of docs) {
      for (const person of PEOPLE) {
        const words = doc.versions.map(({ word }) => word);
        const found = idsOf(await search(person, words.join(" ")));
        expect(found).toEqual(mayRead(person, doc) ? [`${doc.id}/${currentOf(doc).id}`] : []);
      }
    }
  }

  async function checkChat(): Promise<void> {
    for (const [i, doc] of docs.entries()) {
      const person = PEOPLE[(i + asked.length) % PEOPLE.length]!;
      const { word } = currentOf(doc);
      const answer = await app.ask(`What is the code of ${word}?`, {}, keyFor(person));
      const said = JSON.stringify({ ...answer, choices: [{ ...answer.choices[0], text: textOf(answer) }] });
      expect(said.includes(`${word}secret`)).toBe(mayRead(person, doc));
      expect(answer.outcome).toBe(mayRead(person, doc) ? "answered" : "no_evidence");
      const allowed = visible(docs, person);
      for (const { source } of answer.citations) {
        expect(allowed).toContain(`${source.document_id}/${source.version_id}`);
        const path = `/v1/documents/${source.document_id}/versions/${source.version_id}/text`;
        const { text } = (await (await app.send(path, undefined, keyFor(person))).json()) as { text: string };
        expect(Array.from(text).slice(source.start, source.end).join("")).toBe(source.quote);
      }
      asked.push({
        id: answer.lineage.id,
        person,
        versions: answer.lineage.sources.map(({ version_id }) => version_id!),
      });
    }
  }

  /** Past answers as their owner sees them today, and as others must not. */
  async function checkPast(): Promise<void> {
    for (const { id, person, versions } of asked.slice(-40)) {
      const path = `/v1/answers/${id}`;
      const response = await app.send(path, undefined, keyFor(person));
      const body = await response.text();
      const past = JSON.parse(body) as PastAnswer;
      const statuses = versions.map((version) => statusOf(docs, person, version));
      expect(past.lineage.sources.map(({ status }) => status)).toEqual(statuses);
      expect(past.withheld).toBe(statuses.includes("unavailable"));
      for (const [i, version] of versions.entries()) {
        if (statuses[i] === "unavailable") expect(body).not.toContain(version);
      }
      if (past.withheld) expect(past.content).not.toMatch(/secret/);
      else expect(past.citations.every(({ source }) => source.status !== "unavailable")).toBe(true);
      const lineage = (await (await app.send(`${path}/lineage`, undefined, keyFor(person))).json()) as object;
      // Its leaf may have been sequenced between the two.
      expect({ ...lineage, verification: null }).toEqual({ ...past.lineage, verification: null });
      for (const other of PEOPLE) {
        if (other === person) continue;
        expect((await app.send(path, undefined, keyFor(other))).status).toBe(404);
      }
    }
  }

  return { change, checkSearch, checkChat, checkPast };
}

const idsOf = (results: readonly Result[]): string[] =>
  [...new Set(results.map(({ document_id, version_id }) => `${document_id}/${version_id}`))].sort();

test("everybody finds, cites and sees again exactly what they may read now, whatever changes meanwhile", {
  timeout: TIME_LIMIT_MS + 20_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(rounds, async (changes) => {
      const corpus = await openCorpus();
      for (const ops of changes) {
        await corpus.change(ops);
        await app.local.worker.idle();
        await corpus.checkSearch();
        await corpus.checkPast();
        await corpus.checkChat();
      }
      await corpus.checkPast();
    }),
    { numRuns: 12, interruptAfterTimeLimit: TIME_LIMIT_MS },
  );
  expect(app.unexpected).toEqual([]);
  const { total, records } = await app.counts();
  expect(records).toBe(total);
});
