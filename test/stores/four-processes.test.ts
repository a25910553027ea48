import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CHILD_ENV } from "../helpers/child-env.ts";
import { freePorts } from "../helpers/free-ports.ts";
import { postgresPrograms, startPostgres } from "../helpers/postgres-server.ts";
import { hasQdrantEngine, startQdrant } from "../helpers/qdrant-server.ts";
import { startS3 } from "../helpers/s3-server.ts";
import { uniqueWord } from "../helpers/unique-word.ts";

const ROOT = join(import.meta.dirname, "../..");
const PROGRAMS = postgresPrograms();
const folder = mkdtempSync(join(tmpdir(), "cairn-four-"));
const children = new Map<string, ChildProcess>();
let servers: readonly [
  Awaited<ReturnType<typeof startPostgres>>,
  Awaited<ReturnType<typeof startQdrant>>,
  Awaited<ReturnType<typeof startS3>>,
];
let env: Record<string, string>;
let api: string;
let ingestApi: string;

async function start(name: string, entry: string, own: Record<string, string>): Promise<void> {
  const [metrics] = await freePorts();
  const child = spawn(process.execPath, [join(ROOT, entry)], {
    env: { ...env, ...own, CAIRN_METRICS_PORT: String(metrics) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.set(name, child);
  let said = "";
  child.stderr!.on("data", (piece) => (said += piece));
  await vi.waitFor(() => {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
    expect(said).toContain('"event":"ready"');
  }, 60_000);
}
const startWorker = (name: string) => start(name, "ingest/worker/main.ts", {});
async function kill(name: string): Promise<void> {
  const child = children.get(name)!;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

beforeAll(async () => {
  if (PROGRAMS === undefined || !hasQdrantEngine()) return;
  servers = [await startPostgres(PROGRAMS), await startQdrant(), await startS3()];
  const [postgres, qdrant, s3] = servers;
  const [[apiPort, gatewayPort], [ingestPort]] = [await freePorts(), await freePorts()];
  [api, ingestApi] = [`http://127.0.0.1:${apiPort}`, `http://127.0.0.1:${ingestPort}`];
  env = {
    ...{
      ...CHILD_ENV,
      CAIRN_DATA: join(folder, "data"),
      DATABASE_URL: postgres.url,
      QDRANT_URL: qdrant.url,
    },
    ...{ CAIRN_BLOBS: "s3://bucket/four", AWS_ENDPOINT_URL: s3.endpoint, AWS_REGION: s3.settings.region },
    ...{ AWS_ACCESS_KEY_ID: s3.settings.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.settings.secretAccessKey },
    ...{ CAIRN_PEPPER: "0".repeat(64), CAIRN_SIGNING_KEYS: join(folder, "keys.json"), CAIRN_PORT: String(apiPort) },
    ...{
      CAIRN_GATEWAY_PORT: String(gatewayPort),
      CAIRN_GATEWAY_URL: `http://127.0.0.1:${gatewayPort}`,
      CAIRN_INGEST_PORT: String(ingestPort),
    },
  };
  await start("gateway", "services/gateway/main.ts", {});
  await start("api", "services/retrieval-api/main.ts", {});
  await start("ingest", "ingest/api/main.ts", {});
  await Promise.all([startWorker("one"), startWorker("two")]);
}, 180_000);
afterAll(async () => {
  for (const child of children.values()) child.kill("SIGKILL");
  for (const server of servers ?? []) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const post = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
/** Longer than any pause of a worker, and than all that a caller would wait for. */
const INDEX_AWAY_MS = 60_000;
/** The document's name once it was acknowledged; a refusal must say that it may be tried again, and when. */
async function upload(name: string): Promise<string | undefined> {
  const text = `# Harbour ${name}\n\nThe harbour of ${uniqueWord(name)} opens at ${name.length} in the morning.`;
  const response = await post(`${ingestApi}/v1/documents`, { uri: `note:${name}`, text });
  if (response.status < 300) return name;
  expect(`${response.status} ${response.headers.get("retry-after")} ${await response.text()}`).toMatch(/^503 \d+ /);
  return undefined;
}
type Answer = { status: number; retryAfter?: string | null; outcome?: string; content?: string };
async function ask(name: string): Promise<Answer> {
  const messages = [{ role: "user", content: `When does the harbour of ${uniqueWord(name)} open?` }];
  const response = await post(`${api}/v1/chat/completions`, { model: "cairn", messages });
  const body = (await response.json()) as { outcome?: string; choices?: { message: { content: string } }[] };
  const content = body.choices?.[0]?.message.content ?? "";
  return { status: response.status, retryAfter: response.headers.get("retry-after"), outcome: body.outcome!, content };
}
const answered = (name: string): Promise<void> =>
  vi.waitFor(
    async () => {
      const { outcome, content } = await ask(name);
      expect(outcome).toBe("answered");
      expect(content).toContain(uniqueWord(name));
    },
    { timeout: 60_000, interval: 250 },
  );

test.skipIf(PROGRAMS === undefined)(
  "four processes on PostgreSQL, Qdrant and S3 take documents in and answer from them",
  async () => {
    for (const name of ["alpha", "beta"]) expect(await upload(name)).toBe(name);
    await answered("alpha");
    await answered("beta");
    const response = await fetch(`${ingestApi}/v1/ingestion/status`);
    expect(await response.json()).toMatchObject({ documents: { total: 2, searchable: 2 }, jobs: { dead: 0 } });
  },
);

test.skipIf(PROGRAMS === undefined)(
  "workers, index (for a minute) and database are killed: nothing acknowledged is lost, and questions get answers or a clear 503",
  async () => {
    const [postgres, qdrant] = servers;
    const acknowledged: string[] = [];
    const strange: unknown[] = [];
    let busy = true;
    let later = 0;
    const uploads = (async () => {
      for (let i = 0; busy; i++) {
        const name = await upload(`gamma-${i}`).catch((error: unknown) => void strange.push(error));
        if (name !== undefined) acknowledged.push(name);
        await sleep(100);
      }
    })();
    const questions = (async () => {
      while (busy) {
        const answer: Answer = await ask("alpha").catch((error: unknown) => ({ status: 0, content: String(error) }));
        const isRight = answer.status === 200 && (answer.content ?? "").includes(uniqueWord("alpha"));
        const isLater = answer.status === 503 && Number(answer.retryAfter) > 0;
        if (!isRight && !isLater) strange.push(answer);
        if (isLater) later += 1;
        await sleep(100);
      }
    })();
    await sleep(1000);
    await kill("one");
    await sleep(500);
    await qdrant.kill();
    const before = acknowledged.length;
    await sleep(INDEX_AWAY_MS);
    // Uploads go on without an index, and questions are told when to come again.
    expect(acknowledged.length).toBeGreaterThan(before);
    expect(later).toBeGreaterThan(3);
    await qdrant.startAgain();
    await startWorker("one");
    await postgres.restart(1500);
    await sleep(1000);
    await kill("two");
    await startWorker("two");
    await sleep(1000);
    busy = false;
    await Promise.all([uploads, questions]);
    expect(strange).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(10);
    // What a killed worker had leased is free again when its lease ends.
    await vi.waitFor(
      async () => {
        const status = (await (await fetch(`${ingestApi}/v1/ingestion/status`)).json()) as {
          documents: { total: number; searchable: number };
          jobs: { dead: number };
        };
        expect(status.jobs.dead).toBe(0);
        expect(status.documents.searchable).toBe(status.documents.total);
      },
      { timeout: 120_000, interval: 1000 },
    );
    for (const name of acknowledged.slice(0, 5).concat(acknowledged.slice(-5))) await answered(name);
  },
  420_000,
);
