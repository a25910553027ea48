import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { silentLog } from "#shared/log.ts";
import { createQueue } from "#shared/queue.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { startWorker } from "../../ingest/worker/app.ts";
import { openIndex } from "../helpers/ingest-index.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";

const KILLS = 20;
const CHILD = join(import.meta.dirname, "../helpers/ingest-child.ts");

type Acknowledged = {
  readonly documentId: string;
  readonly versionId: string;
  readonly uri: string;
  readonly text: string;
};
type Current = {
  readonly id: string;
  readonly uri: string;
  readonly current_version: string;
  readonly passages: number;
};

async function killAfter(folder: string, round: number, ms: number): Promise<void> {
  const child = spawn(process.execPath, [CHILD, folder, String(round)], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  await sleep(ms);
  child.kill("SIGKILL");
  await once(child, "close");
}

test("after twenty kills at random moments every acknowledged upload is complete, once, and nothing else is there", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cairn-crash-"));
  try {
    for (let round = 0; round < KILLS; round++) await killAfter(folder, round, 20 + Math.random() * 380);
    const lines = readFileSync(join(folder, "acknowledged"), "utf8").trim().split("\n");
    const acknowledged = lines.map((line) => JSON.parse(line) as Acknowledged);
    expect(acknowledged.length).toBeGreaterThan(KILLS);

    const db = openSqliteDatabase(join(folder, "cairn.db"));
    const index = await openIndex(folder);
    const blobs = folderBlobs(join(folder, "blobs"));
    await createQueue(db).releaseAll();
    const worker = startWorker({ db, blobs, index, parse: paragraphParse, log: silentLog, metrics: createMetrics() });
    await worker.idle();
    await worker.stop();

    expect(await db.all("select id from job where state <> 'done'")).toEqual([]);
    const current = await db.all<Current>(
      "select d.id, d.uri, d.current_version, v.passages from document d join document_version v on v.id = d.current_version",
    );
    expect(new Set(current.map(({ uri }) => uri))).toEqual(new Set(acknowledged.map(({ uri }) => uri)));
    expect((await index.versions()).sort()).toEqual(current.map((row) => row.current_version).sort());
    for (const { uri, current_version, passages } of current) {
      expect(passages).toBe(3);
      // The kill may have come between the commit and the note of it: then a later version than the noted one is current.
      const last = acknowledged.findLast((one) => one.uri === uri)!;
      const text = new TextDecoder().decode(await blobs.get(`local/${current_version}/text`));
      if (current_version === last.versionId) expect(text).toBe(last.text);
      else expect(await seqOf(current_version)).toBeGreaterThan(await seqOf(last.versionId));
    }
    const events = await db.get<{ events: number; versions: number }>(
      "select count(*) as events, count(distinct version_id) as versions from ingestion_event",
    );
    expect(events!.events).toBe(events!.versions);
    for (const { versionId, text } of acknowledged) {
      expect(new TextDecoder().decode(await blobs.get(`local/${versionId}/original`))).toBe(text);
    }
    await index.close();
    await db.close();

    async function seqOf(versionId: string): Promise<number> {
      return (await db.get<{ seq: number }>("select seq from document_version where id = $1", [versionId]))!.seq;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);
