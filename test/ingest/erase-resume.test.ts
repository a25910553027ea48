import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Blobs } from "#shared/blobs.ts";
import type { Database } from "#shared/database.ts";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import type { SearchIndex } from "#shared/index.ts";
import { silentLog } from "#shared/log.ts";
import type { State } from "#shared/open-state.ts";
import { createQueue } from "#shared/queue.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { type EraseDeps, eraseDocument } from "../../ingest/erase/erase-document.ts";
import type { Removed } from "../../ingest/erase/erasure.ts";
import { erasureOf, requestErasure } from "../../ingest/erase/request-erasure.ts";
import { resumeErasures } from "../../ingest/erase/resume-erasures.ts";
import { startWorker } from "../../ingest/worker/app.ts";
import { openEmbeddedState } from "../helpers/embedded-state.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";

const TEXT = "Vault\n\nThe code of the vault is zanzibarcode, and nobody may know it.";
const folders: string[] = [];
const states: State[] = [];
afterEach(async () => {
  for (const state of states.splice(0)) await state.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A document that is searchable and an answer that quotes it. */
async function open() {
  const folder = mkdtempSync(join(tmpdir(), "cairn-erase-"));
  folders.push(folder);
  const state = await openEmbeddedState(folder);
  states.push(state);
  const { db, index, blobs } = state;
  const store = { db, blobs, index, now: Date.now, newId: () => crypto.randomUUID() };
  const { documentId } = await acceptDocument(store, {
    ...{ tenant: "local", subject: "admin", collection: "default", uri: "vault.md", fileName: "vault.md" },
    ...{ mediaType: "text/markdown", bytes: new TextEncoder().encode(TEXT), priority: 1 },
  });
  const worker = startWorker({ db, blobs, index, parse: paragraphParse, log: silentLog, metrics: createMetrics() });
  await worker.idle();
  await worker.stop();
  await db.run(
    `insert into answer (id, tenant, subject, conversation_id, question, standalone, content, outcome, citations, tag, salts, created_at)
     values ('a1', 'local', 'ann', 'c1', 'Why?', 'Why?', 'It is zanzibarcode.', 'answered', '[]', '{}', '{"answer":"00"}', 1)`,
  );
  await db.run(
    `insert into message (id, conversation_id, position, role, content, answer_id, created_at)
     values ('a1:assistant', 'c1', 2, 'assistant', 'It is zanzibarcode.', 'a1', 1)`,
  );
  await db.run(
    `insert into answer_dep (answer_id, tenant, dep_kind, dep_id, use, at) values ('a1', 'local', 'document', $1, 'cited', 1)`,
    [documentId],
  );
  const { erasure } = await requestErasure(store, LOCAL_ADMIN, documentId, "A request.");
  const found = (): string[] =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
      try {
        return readFileSync(join(folder, name)).includes("zanzibarcode");
      } catch {
        return false; // a folder
      }
    });
  return { state, erasure, found };
}

const seal: EraseDeps["seal"] = (statement) => ({ payloadType: "t", payload: btoa(statement), signatures: [] });

/** The job at work until its side effect of that number, before which the process dies. */
async function run({ db, index, blobs }: State, dieAt: number): Promise<"done" | "died"> {
  let effects = 0;
  const counted = <A extends unknown[], R>(effect: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      effects += 1;
      if (effects === dieAt) throw new Error("died");
      return effect(...args);
    };
  };
  const queue = createQueue(db);
  await queue.releaseAll();
  const [job] = await queue.lease(1);
  const dyingDb: Database = {
    ...db,
    run: counted(db.run),
    transaction: counted(db.transaction) as Database["transaction"],
    scrub: counted(db.scrub),
  };
  const dyingIndex: Pick<SearchIndex, "remove" | "scrub"> = {
    remove: counted(index.remove),
    scrub: counted(index.scrub),
  };
  const dyingBlobs: Blobs = { ...blobs, remove: counted(blobs.remove) };
  const deps = {
    db: dyingDb,
    index: dyingIndex,
    blobs: dyingBlobs,
    queue,
    seal,
    now: Date.now,
    newId: () => crypto.randomUUID(),
  };
  try {
    await eraseDocument(deps, job!);
    return "done";
  } catch (error) {
    if ((error as Error).message !== "died") throw error;
    return "died";
  }
}

test("an erasure that dies before any of its side effects is finished by the next attempt", async () => {
  let deaths = 0;
  for (let dieAt = 1; ; dieAt++) {
    const { state, erasure, found } = await open();
    const ended = await run(state, dieAt);
    if (ended === "died") {
      deaths += 1;
      expect(await run(state, 0)).toBe("done");
    }
    const { state: now, removed } = await erasureOf(state.db, LOCAL_ADMIN, erasure.id);
    expect(now).toBe("done");
    expect(JSON.parse(removed!) as Removed).toEqual({ versions: 1, answers: 1, messages: 1 });
    expect(found()).toEqual([]);
    if (ended === "done") break;
  }
  expect(deaths).toBeGreaterThan(6);
}, 120_000);

test("an erasure whose job was given up begins again", async () => {
  const { state, erasure, found } = await open();
  await state.db.run("update job set state = 'dead' where id = $1", [erasure.id]);
  expect(await resumeErasures(state.db, Date.now)).toBe(1);
  expect(await resumeErasures(state.db, Date.now)).toBe(0);
  expect(await run(state, 0)).toBe("done");
  expect(found()).toEqual([]);
});
