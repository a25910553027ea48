import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openAuthenticate } from "#shared/identity.ts";
import { silentLog } from "#shared/log.ts";
import { enqueue } from "#shared/queue.ts";
import { loadRelease } from "#shared/release.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { startLocal } from "../../services/local/app.ts";
import { openEmbeddedState } from "../helpers/embedded-state.ts";
import { lineageDeps } from "../helpers/lineage-deps.ts";
import { openLocal } from "../helpers/local.ts";

const RELEASE = new URL("../../releases/default", import.meta.url).pathname;
const LONGER_THAN_A_POLL_MS = 700;
const DAY_MS = 86_400_000;
const job = (id: string) => ({ id, tenant: "local", kind: "remove", payload: { documentId: "d", versionIds: [] } });

test("a start that fails over its port has touched no job", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cairn-start-"));
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const state = await openEmbeddedState(folder);
  await state.db.transaction((sql) => enqueue(sql, job("j"), 0));
  const models = { openaiBaseUrl: undefined, openaiApiKey: undefined, chatModel: undefined };
  const starting = startLocal(
    { host: "127.0.0.1", port, gatewayPort: 0, open: true, models },
    {
      state,
      authenticate: openAuthenticate(state.withKeys),
      release: await loadRelease(RELEASE),
      ...(await lineageDeps(folder)),
      metrics: createMetrics(),
      log: silentLog,
      onProgress: () => {},
    },
  );
  await expect(starting).rejects.toThrow(/in use/);
  await sleep(LONGER_THAN_A_POLL_MS);
  expect(await state.db.get("select state, leases from job")).toEqual({ state: "ready", leases: 0 });
  await state.close();
  other.close();
  rmSync(folder, { recursive: true });
});

test("the worker takes no more jobs from the moment of the stop, while a stream is still being sent", async () => {
  const app = await openLocal();
  await app.db.transaction((sql) => enqueue(sql, job("later"), Date.now() + DAY_MS));
  const watching = new AbortController();
  const events = await app.send("/v1/jobs/later/events", undefined, { signal: watching.signal });
  const stopping = app.local.stop();
  await sleep(LONGER_THAN_A_POLL_MS);
  await app.db.transaction((sql) => enqueue(sql, job("now"), Date.now()));
  await sleep(LONGER_THAN_A_POLL_MS);
  expect(await app.db.get("select state from job where id = 'now'")).toEqual({ state: "ready" });
  watching.abort();
  await events.text().catch(() => undefined);
  await stopping;
  await app.state.close();
  rmSync(app.folder, { recursive: true });
});
