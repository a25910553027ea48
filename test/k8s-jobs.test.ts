import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { CHILD_ENV } from "./helpers/child-env.ts";
import { openLocal } from "./helpers/local.ts";

const K8S = join(import.meta.dirname, "../k8s");

/** Runs the script of a CronJob as its container does. Resolves to its lines; rejects when it fails. */
async function job(script: string, env: Readonly<Record<string, string>>): Promise<unknown[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(K8S, script)], {
    env: { ...CHILD_ENV, ...env },
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

test("the scheduled sync takes in what is new in the sources, with an administrator's key only", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cairn-jobs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const docs = join(folder, "docs");
  mkdirSync(docs);
  writeFileSync(join(docs, "a.md"), "# Harbour\n\nThe harbour opens at six.");
  const app = await openLocal({ folder: docs });
  onTestFinished(app.close);
  writeFileSync(join(docs, "b.md"), "# Market\n\nThe market opens at nine.");

  const script = "components/scheduled-sync/sync.mjs";
  const { key } = await app.keyFor({ subject: "sync", scopes: ["chat", "ingest"] });
  const { key: admin } = await app.keyFor({ subject: "sync", scopes: ["admin"] });
  await expect(job(script, { CAIRN_URL: app.address, CAIRN_KEY: key })).rejects.toThrow("403");
  const done = await job(script, { CAIRN_URL: app.address, CAIRN_KEY: admin });
  expect(done).toEqual([{ source: expect.any(String), added: 1, changed: 0, removed: 0 }]);
});

test("the backup of Qdrant makes a snapshot of each collection and keeps the two newest", async () => {
  const held = ["2026-11-02", "2026-11-01", "2026-11-03"].map((day) => ({
    name: `${day}.snapshot`,
    creation_time: day,
  }));
  const server = createServer((request, response) => {
    const [, , collection, , name] = request.url!.split("/");
    const isAllowed = request.headers["api-key"] === "secret";
    const made = { name: "2026-11-04.snapshot", creation_time: "2026-11-04" };
    if (request.method === "POST") held.push(made);
    if (request.method === "DELETE")
      held.splice(
        held.findIndex((each) => each.name === name),
        1,
      );
    const result =
      collection === undefined ? { collections: [{ name: "cairn_of_1" }] } : request.method === "POST" ? made : held;
    response.statusCode = isAllowed ? 200 : 401;
    response.end(JSON.stringify({ result }));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const QDRANT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const script = "base/qdrant/snapshot.mjs";
  expect(await job(script, { QDRANT_URL, QDRANT_API_KEY: "secret" })).toEqual([
    { collection: "cairn_of_1", snapshot: "2026-11-04.snapshot" },
  ]);
  expect(held.map(({ name }) => name).sort()).toEqual(["2026-11-03.snapshot", "2026-11-04.snapshot"]);
  await expect(job(script, { QDRANT_URL, QDRANT_API_KEY: "wrong" })).rejects.toThrow("401");
});
