import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { silentLog } from "#shared/log.ts";
import { createServer, listen } from "#shared/server.ts";
import { createMetrics } from "#shared/telemetry.ts";

test("a connection that was opened in advance and never used does not hold up the end", async () => {
  const server = createServer({ service: "test", version: "0", log: silentLog, metrics: createMetrics() });
  server.get("/", async () => ({ ok: true }));
  const address = await listen(server, "127.0.0.1", 0, "PORT");
  const spare = connect(Number(new URL(address).port), "127.0.0.1");
  await once(spare, "connect");
  expect((await fetch(address)).status).toBe(200);
  const gone = once(spare, "close");
  await server.close();
  await gone;
}, 5000);
