import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { silentLog } from "#shared/log.ts";
import { EVERY_TENANT } from "#shared/not-withdrawn.ts";
import { openState, type State } from "#shared/open-state.ts";
import { startDeliveries } from "#shared/outbox.ts";
import { scopeOf } from "#shared/principal.ts";
import { loadRelease } from "#shared/release.ts";
import { readStateSettings } from "#shared/state-settings.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { erasureOf, requestErasure } from "../../ingest/erase/request-erasure.ts";
import { startWorker } from "../../ingest/worker/app.ts";
import {
  affectedAnswers,
  affectedConversations,
  impactTotals,
  sumOf,
  USES,
} from "../../services/retrieval-api/recall/impact.ts";
import { retractedOf } from "../../services/retrieval-api/recall/retracted.ts";
import { lift, listWithdrawals, withdraw } from "../../services/retrieval-api/recall/withdraw.ts";
import { KINDS, type Kind, type Withdrawal } from "../../services/retrieval-api/recall/withdrawal.ts";
import { createCheckParts } from "../../services/retrieval-api/recall/withdrawn-parts.ts";
import { currentGate } from "../../services/retrieval-api/retrieval/second-gate.ts";
import { until } from "../helpers/ask.ts";
import { makeAnswers, makeVersions, PARSERS } from "../helpers/made-answers.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";
import { newDatabase } from "../helpers/postgres-server.ts";
import { scanRecords, usesIn } from "../helpers/scan-records.ts";

const folder = mkdtempSync(join(tmpdir(), "cairn-recall-"));
const release = await loadRelease("releases/default");
const newId = (): string => crypto.randomUUID();
let state: State;
let drop: () => Promise<void>;
beforeAll(async () => {
  const database = await newDatabase(process.env.CAIRN_TEST_DATABASE_URL!);
  drop = database.drop;
  state = await openState(readStateSettings({ DATABASE_URL: database.url, CAIRN_DATA: folder }));
  await state.db.transaction((sql) => makeVersions(sql, "acme"));
  await makeAnswers(state.db, 400, ["acme", "zeta"]);
}, 120_000);
afterAll(async () => {
  await state.close();
  await drop();
  rmSync(folder, { recursive: true });
});

const TARGETS: Record<Kind, string> = {
  document: "d42",
  document_version: "v7",
  model: "small",
  prompt: release.promptDigest,
  release: release.digest,
  ingest_run: "r3",
  parser: PARSERS[1],
};

test.for(KINDS)(
  "the impact of a withdrawn %s is the same on PostgreSQL as in a scan over all records",
  async (kind) => {
    const scanned = await scanRecords(state.db);
    for (const tenant of ["acme", EVERY_TENANT]) {
      const withdrawal: Withdrawal = {
        ...{ id: newId(), tenant, kind, target: TARGETS[kind], reason: "r", created_by: "s", at: 1 },
        ...{ lifted_at: null, lifted_by: null, lift_reason: null },
      };
      const expected = scanned.flatMap((one) => {
        if (tenant !== EVERY_TENANT && one.tenant !== tenant) return [];
        const use = USES.find((each) => usesIn(one, kind, TARGETS[kind]).has(each));
        return use ? [[one.id, use] as const] : [];
      });
      const found = await affectedAnswers(state.db, withdrawal, { limit: 1000 });
      expect(found.map(({ answer_id, use }) => [answer_id, use]).sort()).toEqual(expected.sort());
      expect(sumOf(await impactTotals(state.db, withdrawal)).answers).toBe(expected.length);
      const listed = await affectedConversations(state.db, withdrawal, { limit: 1000, use: "cited" });
      expect(listed.every(({ use }) => use === "cited")).toBe(true);
    }
  },
);

test("withdrawing, lifting, and what both mean for the parts of an answer", async () => {
  const deps = { db: state.db, now: Date.now, newId };
  const check = createCheckParts(state.db, release);
  const wanted = { kind: "model", target: "small", reason: "It lies.", everywhere: false } as const;
  const { withdrawal } = await withdraw(deps, LOCAL_ADMIN, wanted);
  expect(await check("local")).toEqual(new Set(["small"]));
  expect(await listWithdrawals(state.db, LOCAL_ADMIN, { active: true, limit: 10 })).toHaveLength(1);
  await lift(deps, LOCAL_ADMIN, withdrawal.id, "It does not.");
  expect(await check("local")).toEqual(new Set());
  const stopped = { kind: "release", target: release.digest, reason: "Wrong.", everywhere: true } as const;
  await withdraw(deps, LOCAL_ADMIN, stopped);
  await expect(check("acme")).rejects.toMatchObject({ code: "withdrawn" });
  const [answer] = await state.db.all<{ id: string }>("select id from answer order by id limit 1");
  const retracted = await retractedOf(state.db, [answer!.id], true);
  expect(retracted.get(answer!.id)?.withdrawn).toMatchObject([{ kind: "release", reason: "Wrong." }]);
});

test("a document is ingested, withdrawn and erased, its runs are told and its messages sent", async () => {
  const { db, blobs, index } = state;
  const store = { db, blobs, index, now: Date.now, newId };
  const text = "Vault\n\nThe code of the vault is zanzibarcode, and nobody may know it.";
  const { documentId, versionId } = await acceptDocument(store, {
    ...{ tenant: "local", subject: "admin", collection: "default", uri: "vault.md", fileName: "vault.md" },
    ...{ mediaType: "text/markdown", bytes: new TextEncoder().encode(text), priority: 1 },
  });
  const worker = startWorker({ db, blobs, index, parse: paragraphParse, log: silentLog, metrics: createMetrics() });
  await worker.idle();
  const gate = currentGate(db);
  expect((await gate(scopeOf(LOCAL_ADMIN), [versionId])).size).toBe(1);
  const deps = { db, now: Date.now, newId };
  const wanted = { kind: "parser", target: "paragraph/1", reason: "It is wrong.", everywhere: true } as const;
  const { withdrawal } = await withdraw(deps, LOCAL_ADMIN, wanted);
  expect((await gate(scopeOf(LOCAL_ADMIN), [versionId])).size).toBe(0);
  await lift(deps, LOCAL_ADMIN, withdrawal.id, "It is right.");
  await db.run(
    `insert into answer (id, tenant, subject, conversation_id, question, standalone, content, outcome, citations, tag, salts, created_at)
     values ('a1', 'local', 'ann', 'c1', 'Why?', 'Why?', 'It is zanzibarcode.', 'answered', '[]', '{}', '{"answer":"00"}', 1)`,
  );
  await db.run(
    `insert into answer_dep (answer_id, tenant, dep_kind, dep_id, use, at) values ('a1', 'local', 'document', $1, 'cited', 1)`,
    [documentId],
  );
  const { erasure } = await requestErasure(store, LOCAL_ADMIN, documentId, "A request.");
  worker.wake();
  await until("it is erased", async () => (await erasureOf(db, LOCAL_ADMIN, erasure.id)).state === "done", 30_000);
  expect(await db.get("select content, salts from answer where id = 'a1'")).toEqual({ content: "", salts: "{}" });
  expect(await db.get("select title, uri from document where id = $1", [documentId])).toEqual({
    title: "",
    uri: `erased:${documentId}`,
  });
  const told = async () =>
    (await db.all<{ body: string }>("select body from outbox where topic = 'openlineage' order by at, id")).map(
      ({ body }) => (JSON.parse(body) as { eventType: string }).eventType,
    );
  await until("all runs are told of", async () => (await told()).length === 4);
  const sent: string[] = [];
  const deliveries = startDeliveries(db, { webhook: async ({ id }) => void sent.push(id) }, silentLog);
  await until("messages are sent", () => sent.length === 6, 10_000);
  await deliveries.stop();
  await worker.stop();
}, 90_000);
