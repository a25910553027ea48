import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import type { AnswerStatement } from "#shared/lineage/answer-statement.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";
import { measureCode } from "#shared/lineage/measure.ts";
import { verifyBundle } from "#shared/lineage/verify-bundle.ts";
import { loadBundle } from "../../services/retrieval-api/lineage/load-bundle.ts";
import { apiProcess } from "../helpers/api-process.ts";
import { checkRecords } from "../helpers/check-records.ts";
import { openEmbeddedState } from "../helpers/embedded-state.ts";
import { freePorts } from "../helpers/free-ports.ts";
import { type GatewayProcess, gatewayProcess } from "../helpers/gateway-process.ts";
import {
  type Behaviour,
  DONE,
  delta,
  fails,
  finish,
  type MockUpstream,
  mockUpstream,
  resets,
  stalls,
  streams,
} from "../helpers/mock-upstream.ts";
import { readStream } from "./read-stream.ts";
import { freeSettings, spawnLocal } from "./spawn-local.ts";

const REQUESTS = 500;
const AT_ONCE = 8;
const KILLS = 5;
const SLOW_MACHINE_MS = 300_000;
const ROOT = join(import.meta.dirname, "../..");

let folder: string;
let upstream: MockUpstream;
let gateway: GatewayProcess;
let env: Record<string, string>;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cairn-complete-"));
  writeFileSync(join(folder, "ports.md"), "# Ports\n\nThe gateway listens on port 8081.\n\n网关的端口是 8081。\n");
  const first = spawnLocal({ ...(await freeSettings()), CAIRN_DATA: join(folder, "data") }, [folder]);
  await first.ready();
  first.child.kill("SIGTERM");
  await first.exited();
  const SAID = "The gateway listens on port 8081. [1]";
  // What the model server does is asked for in the seed.
  const said = streams(delta(SAID), finish("stop"), DONE);
  const seeds: readonly Behaviour[] = [
    said,
    fails(500),
    resets(delta("The gateway ")),
    stalls(delta("The gateway listens ")),
    streams(delta("No."), finish("content_filter"), DONE),
  ];
  upstream = await mockUpstream((response, call) => (seeds[Number(call.body.seed)] ?? said)(response, call));
  gateway = await gatewayProcess(`
upstreams:
  server: { base_url: "${upstream.baseUrl}", model: mock-model }
  extractive: { embedded: extractive }
models:
  chat: { tiers: [[server], [extractive]], cache: { ttl_s: 300, max_mb: 8 } }
`);
  await gateway.ready();
  const [port, metrics] = await freePorts();
  address = `http://127.0.0.1:${port}`;
  env = {
    CAIRN_DATA: join(folder, "data"),
    CAIRN_PORT: String(port),
    CAIRN_METRICS_PORT: String(metrics),
    CAIRN_GATEWAY_URL: gateway.url.replace(/\/v1$/, ""),
    CAIRN_CODE_DIGEST: `sha256:${await measureCode(ROOT)}`,
  };
}, SLOW_MACHINE_MS);
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
  rmSync(folder, { recursive: true, force: true });
});

const QUESTION = "Which port does the gateway listen on?";
/** What is asked, by turns: limits make requests different, and equal ones come out of the gateway's cache. */
const ASKED: readonly ((i: number) => { stream: boolean; leave?: true; body: object; question?: string })[] = [
  (i) => ({ stream: false, body: { max_tokens: 100 + i } }),
  (i) => ({ stream: true, body: { max_tokens: 100 + i } }),
  () => ({ stream: true, body: {} }),
  (i) => ({ stream: i % 2 === 0, body: {}, question: `Who won the chess final of ${1900 + i}?` }),
  (i) => ({ stream: i % 2 === 0, body: { seed: 1, max_tokens: 100 + i } }),
  (i) => ({ stream: i % 2 === 0, body: { seed: 2, max_tokens: 100 + i } }),
  (i) => ({ stream: true, leave: true, body: { seed: 3, max_tokens: 100 + i } }),
  (i) => ({ stream: false, body: { seed: 4, max_tokens: 100 + i } }),
  () => ({ stream: true, body: {}, question: "网关的端口是多少？" }),
];

/** Asks once. Resolves to the id of an answer whose end the client has seen, else to nothing. */
async function askOnce(i: number): Promise<string | undefined> {
  const { question = QUESTION, stream, leave, body: more } = ASKED[i % ASKED.length]!(i);
  const messages = [{ role: "user", content: question }];
  const body = JSON.stringify({ model: "cairn", stream, messages, ...more });
  const leaving = new AbortController();
  const headers = { "content-type": "application/json" };
  try {
    const asking = { method: "POST", headers, body, signal: leaving.signal };
    const response = await fetch(`${address}/v1/chat/completions`, asking);
    const id = response.headers.get("lineage-id") ?? undefined;
    if (!stream) {
      await response.text();
      return id;
    }
    const read = await readStream(response, (text) => leave === true && text !== "");
    if (leave) leaving.abort();
    return read.done || read.error ? id : undefined;
  } catch (error) {
    if (((error as Error).cause as { code?: string } | undefined)?.code !== "ECONNREFUSED") return undefined;
    // Between a kill and the next start nobody has heard the question.
    await sleep(50);
    return askOnce(i);
  }
}

type Row = { id: string; outcome: string; record: string };

test(
  "500 mixed requests with kills in between: finished answers, records and leaves are the same, and all verify",
  async () => {
    let api = await apiProcess(env);
    let next = 0;
    const finished: string[] = [];
    const asker = async (): Promise<void> => {
      while (next < REQUESTS) {
        const id = await askOnce(next++);
        if (id) finished.push(id);
      }
    };
    const askers = Promise.all(Array.from({ length: AT_ONCE }, asker));
    for (let kill = 1; kill <= KILLS; kill++) {
      while (next < (REQUESTS * kill) / (KILLS + 1)) await sleep(5);
      await api.end("SIGKILL");
      api = await apiProcess(env);
    }
    await askers;
    expect(await api.end("SIGTERM"), api.log()).toBe(0);
    expect(api.log()).not.toContain('"level":"error"');

    const state = await openEmbeddedState(join(folder, "data"));
    const ring = await openKeyRing(join(folder, "data/signing-keys.json"));
    const ids = async (sql: string) => (await state.db.all<{ id: string }>(sql)).map(({ id }) => id);
    const answers = await ids("select id from answer order by id");
    expect(await ids("select answer_id as id from lineage_record order by answer_id")).toEqual(answers);
    const leaves = "select id from log_leaf where kind = 'answer' and sequence is not null order by id";
    expect(await ids(leaves)).toEqual(answers);
    const known = new Set(answers);
    expect(finished.filter((id) => !known.has(id))).toEqual([]);
    expect(finished.length).toBeGreaterThan(REQUESTS / 2);

    await checkRecords(state.db, ring);
    const seen = new Map<string, number>();
    const count = (name: string) => seen.set(name, (seen.get(name) ?? 0) + 1);
    for (const { id, outcome, record } of await state.db.all<Row>(
      "select a.id, a.outcome, l.record from answer a join lineage_record l on l.answer_id = a.id",
    )) {
      const { model } = (JSON.parse(record) as AnswerStatement).predicate;
      const bundle = await loadBundle(state.db, LOCAL_ADMIN, id);
      const verified = verifyBundle(JSON.stringify(bundle), { keys: ring.published() });
      const remote = model?.upstream === "server";
      expect(verified, JSON.stringify(verified.checks)).toMatchObject({ ok: true, level: remote ? "L2" : "L3" });
      count(outcome);
      if (model?.cached) count("cached");
      if (model?.upstream === "extractive") count("fallback");
    }
    await state.close();
    const kinds = ["answered", "no_evidence", "refused", "aborted", "error", "cached", "fallback"];
    expect([...seen.keys()]).toEqual(expect.arrayContaining(kinds));
  },
  SLOW_MACHINE_MS,
);
