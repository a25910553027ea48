import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "#shared/database.ts";
import { deliveryTargets } from "#shared/delivery-targets.ts";
import { silentLog } from "#shared/log.ts";
import { migrate } from "#shared/migrations.ts";
import { post, type Send, startDeliveries } from "#shared/outbox.ts";
import { isAllowedAddress, safePost } from "#shared/safe-post.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { until } from "../helpers/ask.ts";

const SECRET = "whsec_bXkgc2VjcmV0";
let folder: string;
let db: Database;
let clock = 1_000_000;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cairn-outbox-"));
  db = openSqliteDatabase(join(folder, "state.db"));
  await migrate(db);
});
afterEach(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

const told = (id: string) => post(db, { id, tenant: "t", topic: "webhook", body: { type: "x", id }, at: clock });
const stateOf = async (id: string) =>
  (await db.get<{ state: string }>("select state from outbox where id = $1", [id]))?.state;

type Got = { readonly headers: IncomingMessage["headers"]; readonly body: string; readonly url: string };

/** A receiver that answers with the statuses in turn, and then with 200. */
async function receiver(...statuses: number[]) {
  const got: Got[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    got.push({ headers: request.headers, body: Buffer.concat(pieces).toString(), url: request.url! });
    response.writeHead(statuses.shift() ?? 200, { location: "http://169.254.169.254/" }).end("x".repeat(100_000));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    got,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const NONE = {
  OPENLINEAGE_URL: undefined,
  OPENLINEAGE_API_KEY: undefined,
  CAIRN_WEBHOOK_URL: undefined,
  CAIRN_WEBHOOK_SECRET: undefined,
};

test("a webhook is signed so that a receiver can check it, and told again after a failure", async () => {
  const hook = await receiver(500, 302);
  const targets = deliveryTargets({ ...NONE, CAIRN_WEBHOOK_URL: hook.url, CAIRN_WEBHOOK_SECRET: SECRET }, () => clock);
  const deliveries = startDeliveries(db, targets, silentLog, () => clock);
  await told("m1");
  for (const count of [1, 2, 3]) {
    await until("it is told", () => hook.got.length === count);
    await until("that is written down", async () =>
      count === 3 ? (await stateOf("m1")) === "sent" : (await attempts("m1")) === count,
    );
    clock += 3_600_000;
  }
  const [{ headers, body }] = [hook.got[0]!];
  const key = Buffer.from(SECRET.slice(6), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const expected = createHmac("sha256", key).update(signed).digest("base64");
  expect(headers["webhook-signature"]).toBe(`v1,${expected}`);
  expect(headers["webhook-id"]).toBe("m1");
  await deliveries.stop();
  hook.close();
});
const attempts = async (id: string) =>
  (await db.get<{ attempts: number }>("select attempts from outbox where id = $1", [id]))?.attempts;

test("two senders tell each message once", async () => {
  const sent: string[] = [];
  const send: Send = async ({ id }) => void sent.push(id);
  for (let i = 0; i < 30; i++) await told(`m${i}`);
  const both = [0, 1].map(() => startDeliveries(db, { webhook: send }, silentLog, () => clock));
  await until("all are told", () => sent.length >= 30);
  for (const deliveries of both) await deliveries.stop();
  expect(sent.toSorted()).toEqual([...new Set(sent)].toSorted());
});

test("what nobody is configured to hear waits, and what nobody ever takes is given up", async () => {
  await told("m1");
  const idle = startDeliveries(db, {}, silentLog, () => clock);
  await idle.stop();
  expect(await stateOf("m1")).toBe("waiting");
  await db.run("update outbox set attempts = 11");
  const failing = startDeliveries(db, { webhook: () => Promise.reject(new Error("no")) }, silentLog, () => clock);
  await until("it is given up", async () => (await stateOf("m1")) === "failed");
  await failing.stop();
});

test("a webhook without a secret is refused at the start, and OpenLineage has its own endpoint and key", async () => {
  expect(() => deliveryTargets({ ...NONE, CAIRN_WEBHOOK_URL: "https://example.com" })).toThrow(/CAIRN_WEBHOOK_SECRET/);
  const lineage = await receiver();
  const base = lineage.url.replace("/hook", "");
  const { openlineage } = deliveryTargets({ ...NONE, OPENLINEAGE_URL: base, OPENLINEAGE_API_KEY: "k" });
  await openlineage!({ id: "e1", body: "{}" }, AbortSignal.timeout(5000));
  expect(lineage.got[0]).toMatchObject({ url: "/api/v1/lineage", headers: { authorization: "Bearer k" }, body: "{}" });
  lineage.close();
});

test.for([
  ["10.1.2.3", true],
  ["127.0.0.1", true],
  ["2001:db8::1", true],
  ["169.254.169.254", false],
  ["::ffff:169.254.169.254", false],
  ["0.0.0.0", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["fe80::1", false],
  ["fd00:ec2::254", false],
  ["100.100.100.200", false],
  ["::", false],
] as const)("a message may go to %s: %s", ([address, allowed]) => {
  expect(isAllowedAddress(address)).toBe(allowed);
});

test.for([
  "http://169.254.169.254/latest",
  "http://[fe80::1]/",
  "http://0/",
  "http://2852039166/",
  "http://0xa9fea9fe/",
])("however it is written, %s is refused", async (url) => {
  await expect(safePost(url, {}, "{}", AbortSignal.timeout(5000))).rejects.toThrow(/refused/);
});
