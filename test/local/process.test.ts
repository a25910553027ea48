import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { openEmbeddedState } from "../helpers/embedded-state.ts";
import { DONE, delta, finish, mockUpstream, stalls } from "../helpers/mock-upstream.ts";
import { readStream } from "./read-stream.ts";
import { freeSettings, type Spawned, spawnLocal } from "./spawn-local.ts";

let folder: string;
let running: Spawned[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cairn-process-"));
  mkdirSync(join(folder, "docs"));
  writeFileSync(join(folder, "docs/ports.md"), "# Ports\n\nThe gateway listens on port 8081.\n");
  running = [];
});
afterEach(() => {
  for (const { child } of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** Starts over the test's folder, on ports of its own unless they are given. */
async function start(env: Readonly<Record<string, string>> = {}, ...paths: readonly string[]): Promise<Spawned> {
  const ports = await freeSettings();
  const spawned = spawnLocal(
    { ...ports, CAIRN_DATA: join(folder, "data"), ...env },
    paths.length > 0 ? paths : [join(folder, "docs")],
  );
  running.push(spawned);
  return spawned;
}

const ask = (address: string, body: object = {}): Promise<Response> =>
  fetch(`${address}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "cairn",
      messages: [{ role: "user", content: "Which port does the gateway listen on?" }],
      ...body,
    }),
  });

/** It ends with 1 and one sentence: no stack, nothing of Node's. */
async function refuses(spawned: Spawned, sentence: RegExp): Promise<void> {
  expect(await spawned.exited()).toBe(1);
  const { stderr } = spawned.output();
  const said = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
  expect(said.join("\n")).toMatch(sentence);
  expect(stderr).not.toMatch(/^\s+at |node:internal|Error:/m);
}

describe("SIGTERM", () => {
  test("lets an open stream finish, takes no new question, and ends with 0", { timeout: 15_000 }, async () => {
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const upstream = await mockUpstream(async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(delta("The gateway listens "));
      await gate;
      response.end(delta("on port 8081. [1]") + finish("stop") + DONE);
    });
    const spawned = await start({ OPENAI_BASE_URL: upstream.baseUrl, CAIRN_CHAT_MODEL: "mock-model" });
    const address = await spawned.listening();
    await spawned.ready();
    const response = await ask(address, { stream: true });
    const reading = readStream(response);
    await sleep(100);
    spawned.child.kill("SIGTERM");
    await sleep(300);
    expect(spawned.child.exitCode).toBe(null);
    await expect(ask(address)).rejects.toThrow();
    go();
    const { text, done, last } = await reading;
    expect(text).toBe("The gateway listens on port 8081. [1]");
    expect(done).toBe(true);
    expect(last?.outcome).toBe("answered");
    expect(await spawned.exited()).toBe(0);
    await upstream.close();
    const db = openSqliteDatabase(join(folder, "data/state.db"));
    expect(await db.all("select outcome from answer a join lineage_record l on l.answer_id = a.id")).toEqual([
      { outcome: "answered" },
    ]);
    await db.close();
  });

  test("given twice cuts a stream off, whose record says what had been sent, and ends with 130", async () => {
    const upstream = await mockUpstream(stalls(delta("The gateway listens ")));
    const spawned = await start({ OPENAI_BASE_URL: upstream.baseUrl, CAIRN_CHAT_MODEL: "mock-model" });
    const address = await spawned.listening();
    await spawned.ready();
    const reading = readStream(await ask(address, { stream: true })).catch(() => undefined);
    await sleep(200);
    spawned.child.kill("SIGTERM");
    await sleep(100);
    expect(spawned.child.exitCode).toBe(null);
    spawned.child.kill("SIGTERM");
    expect(await spawned.exited()).toBe(130);
    await reading;
    await upstream.close();
    const db = openSqliteDatabase(join(folder, "data/state.db"));
    expect(await db.all("select outcome, content from answer a join lineage_record l on l.answer_id = a.id")).toEqual([
      { outcome: "aborted", content: "The gateway listens " },
    ]);
    await db.close();
  });

  test("ends an idle process at once, and the next one finds everything", async () => {
    const first = await start();
    await first.listening();
    await first.ready();
    first.child.kill("SIGTERM");
    expect(await first.exited()).toBe(0);
    const second = await start();
    const address = await second.listening();
    await second.ready();
    expect(second.output().stdout).toContain("0 added, 0 changed, 0 removed, 1 unchanged");
    expect(await (await ask(address)).json()).toMatchObject({ outcome: "answered" });
  });

  test("while documents are being read ends with 0 too", async () => {
    const spawned = await start({}, join(import.meta.dirname, "../../docs"));
    await spawned.listening();
    spawned.child.kill("SIGTERM");
    expect(await spawned.exited()).toBe(0);
  });
});

describe("a start that cannot work says so in a sentence and ends with 1", () => {
  test.for(["CAIRN_PORT", "CAIRN_GATEWAY_PORT"])("%s is in use", async (name) => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const port = String((other.address() as { port: number }).port);
    await refuses(await start({ [name]: port }), new RegExp(`^Port ${port} is in use\\. .*${name}\\.$`));
    other.close();
  });

  test("the data was written by a newer version, and stays as it is", async () => {
    const first = await start();
    await first.listening();
    await first.ready();
    first.child.kill("SIGTERM");
    await first.exited();
    const db = openSqliteDatabase(join(folder, "data/state.db"));
    await db.run("insert into migration (version, applied_at) values (999, 0)");
    await db.close();
    await refuses(await start(), /^The data was written by a newer Cairn .*Nothing was changed\.$/);
  });

  test("another process holds the data folder, and goes on", async () => {
    const first = await start();
    const address = await first.listening();
    await first.ready();
    await refuses(await start(), /^Another Cairn process is using this data folder\. .*Nothing was changed\.$/);
    expect((await fetch(`${address}/livez`)).status).toBe(200);
  });

  test("separate processes share the data folder, and it does not run beside them", async () => {
    const state = await openEmbeddedState(join(folder, "data"));
    const other = await openEmbeddedState(join(folder, "data"));
    await refuses(await start(), /^Another Cairn process is using this data folder\. .*Nothing was changed\.$/);
    await state.close();
    await other.close();
  });

  test("everybody could reach a process without authentication", async () => {
    await refuses(await start({ CAIRN_HOST: "0.0.0.0" }), /^CAIRN_AUTH=open .* not on 0\.0\.0\.0\./);
  });

  test("the path is a file", async () => {
    await refuses(await start({}, join(folder, "docs/ports.md")), /ports\.md is not a folder/);
  });

  test("the folder does not exist", async () => {
    await refuses(await start({}, join(folder, "no-such-folder")), /^.*no-such-folder.*$/);
  });

  test("settings are wrong, all of them in one message", async () => {
    const wrong = { CAIRN_PORT: "eighty", CAIRN_AUTH: "none", OPENAI_BASE_URL: "ftp://x" };
    await refuses(await start(wrong), /CAIRN_PORT.*\n.*CAIRN_AUTH.*\n.*OPENAI_BASE_URL/);
  });

  test("one of several paths does not exist, and nothing of the others is taken in", async () => {
    const spawned = await start({}, join(folder, "docs"), join(folder, "no-such-folder"));
    await refuses(spawned, /no-such-folder does not exist\. Nothing was changed\.$/);
    expect(spawned.output().stdout).not.toContain("listens");
    expect(existsSync(join(folder, "data"))).toBe(false);
  });

  test("an option is no folder", async () => {
    await refuses(await start({}, "--help"), /^There is no option --help\. Usage: npm start/);
  });

  test("the address does not belong to this machine", async () => {
    await refuses(
      await start({ CAIRN_AUTH: "keys", CAIRN_HOST: "192.0.2.1" }),
      /^192\.0\.2\.1 is no address .*CAIRN_HOST/,
    );
  });

  test("the data folder is a file", async () => {
    const sentence = /^The data folder .*ports\.md is not a folder\. Set CAIRN_DATA to another folder\.$/;
    await refuses(await start({ CAIRN_DATA: join(folder, "docs/ports.md") }), sentence);
  });

  test("the database is no database", async () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/state.db"), "x".repeat(4096));
    await refuses(await start(), /state\.db cannot be used: .*Restore a backup, or set CAIRN_DATA/);
  });
});

test("the first administrator's key is shown once and opens every other address", async () => {
  const first = await start({ CAIRN_AUTH: "keys", CAIRN_HOST: "0.0.0.0" });
  const port = new URL(await first.listening()).port;
  await first.ready();
  const key = /cairn_\S+/.exec(first.output().stdout)?.[0] ?? "";
  const get = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/v1/models`, { headers });
  expect((await get({})).status).toBe(401);
  expect((await get({ authorization: `Bearer ${key}` })).status).toBe(200);
  first.child.kill("SIGTERM");
  expect(await first.exited()).toBe(0);
  const second = await start({ CAIRN_AUTH: "keys" });
  await second.listening();
  await second.ready();
  expect(second.output().stdout).not.toContain("cairn_");
});
