import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openQdrantIndex } from "#shared/qdrant-index.ts";
import { CHILD_ENV } from "../helpers/child-env.ts";
import { hasQdrantEngine, startQdrant } from "../helpers/qdrant-server.ts";

const CHILD = join(import.meta.dirname, "../helpers/qdrant-child.ts");
const API_KEY = "a key of the server";
const folder = mkdtempSync(join(tmpdir(), "cairn-tls-"));
const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
let server: Awaited<ReturnType<typeof startQdrant>>;
let front: Server;
let url: string;

beforeAll(async () => {
  if (!hasQdrantEngine()) return;
  server = await startQdrant(["--api-key", API_KEY]);
  const subject = ["-subj", "/CN=qdrant", "-addext", "subjectAltName=IP:127.0.0.1"];
  const pair = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", ...pair, "-days", "1", ...subject], { stdio: "ignore" });
  front = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const onward = request(`${server.url}${incoming.url}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  url = `https://127.0.0.1:${(front.address() as AddressInfo).port}`;
});
afterAll(async () => {
  front?.closeAllConnections();
  front?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

async function writeAndFind(env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, [CHILD, url, API_KEY], { env: { ...CHILD_ENV, ...env } });
  let said = "";
  child.stdout.on("data", (piece) => (said += piece));
  child.stderr.on("data", (piece) => (said += piece));
  await once(child, "close");
  return said.trim();
}

test.skipIf(!hasQdrantEngine())(
  "Qdrant behind a certificate of one's own authority is used when the authority is named",
  async () => {
    expect(await writeAndFind({ NODE_EXTRA_CA_CERTS: certificate })).toBe("found 1");
    expect(await writeAndFind({})).toMatch(/self-signed certificate/);
  },
);

test.skipIf(!hasQdrantEngine())("a new collection is laid out over nodes as the settings say", async () => {
  const index = openQdrantIndex({
    url: server.url,
    apiKey: API_KEY,
    prefix: "wide",
    layout: { shards: 6, replicas: 3, tenants: new Map() },
  });
  await index.versions();
  const ask = async (path: string) =>
    ((await (await fetch(`${server.url}${path}`, { headers: { "api-key": API_KEY } })).json()) as { result: never })
      .result;
  const { collections } = (await ask("/collections")) as { collections: { name: string }[] };
  const { name } = collections.find((one) => one.name.startsWith("wide_of_"))!;
  const { config } = (await ask(`/collections/${name}`)) as { config: { params: object } };
  expect(config.params).toMatchObject({ shard_number: 6, replication_factor: 3, write_consistency_factor: 2 });
  await index.close();
});
