import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "#shared/log.ts";
import { createServer } from "#shared/server.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { mountOperations } from "../../services/local/app.ts";

const metrics = createMetrics();
const server = createServer({ service: "test", version: "0", log: silentLog, metrics });
const db = openSqliteDatabase(":memory:");
beforeAll(() => mountOperations(server, { db, draining: () => false, metrics }));
afterAll(async () => {
  await server.close();
  await db.close();
});

const statusOf = async (url: string, remoteAddress: string): Promise<number> =>
  (await server.inject({ url, remoteAddress })).statusCode;

test.for(["/metrics", "/metrics?x=1", "/%6detrics", "/metr%69cs"])(
  "%s is served on this machine and is not there for another",
  async (url) => {
    for (const own of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) expect(await statusOf(url, own)).toBe(200);
    for (const other of ["10.0.0.7", "192.0.2.1", "2001:db8::1"]) expect(await statusOf(url, other)).toBe(404);
  },
);

test("probes are served to everybody", async () => {
  expect(await statusOf("/livez", "10.0.0.7")).toBe(200);
});
