import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { podProcess } from "./pod-process.ts";

/** A data folder with documents in it, as the two ingestion processes leave it. */
export async function ingested(files: Readonly<Record<string, string>>): Promise<{ folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "cairn-data-"));
  const env = { CAIRN_DATA: folder };
  const api = await podProcess("ingest/api/main.ts", "CAIRN_INGEST_PORT", env);
  const worker = await podProcess("ingest/worker/main.ts", "CAIRN_INGEST_PORT", env);
  const address = `http://127.0.0.1:${api.port}`;
  for (const [name, text] of Object.entries(files)) {
    const body = JSON.stringify({ uri: `file:${name}`, title: name, text, media_type: "text/markdown" });
    const answer = await fetch(`${address}/v1/documents`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    if (!answer.ok) throw new Error(await answer.text());
    const { job_id: job } = (await answer.json()) as { job_id: string };
    for (;;) {
      const { state } = (await (await fetch(`${address}/v1/jobs/${job}`)).json()) as { state: string };
      if (state === "done") break;
      if (state === "dead") throw new Error("The document could not be read.");
      await sleep(100);
    }
  }
  await Promise.all([api.terminate(), worker.terminate()]);
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
