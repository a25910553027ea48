import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "#shared/database.ts";
import { openState } from "#shared/open-state.ts";
import { openPostgresDatabase } from "#shared/postgres-database.ts";
import { readStateSettings } from "#shared/state-settings.ts";
import { newDatabase, postgresPrograms, startPostgres } from "../helpers/postgres-server.ts";

let db: Database;
let url: string;
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ url, drop } = await newDatabase(process.env.CAIRN_TEST_DATABASE_URL!));
  db = openPostgresDatabase(url);
  await db.run("create table t (id text primary key, n bigint not null)");
  await db.run("insert into t (id, n) values ('a', 0)");
});
afterEach(async () => {
  await db.close();
  await drop();
});

test("a transaction whose row another one holds waits for it, and both are done", async () => {
  const held = Promise.withResolvers<void>();
  const first = db.transaction(async (sql) => {
    await sql.run("update t set n = n + 1");
    await held.promise;
  });
  const second = db.transaction((sql) => sql.run("update t set n = n + 10"));
  held.resolve();
  await Promise.all([first, second]);
  expect(await db.get("select n from t")).toEqual({ n: 11 });
});

test("a text with a NUL character is refused with a sentence instead of being changed", async () => {
  const refused = db.run("insert into t (id, n) values ($1, 1)", ["a\0b"]);
  await expect(refused).rejects.toMatchObject({ code: "invalid_request", message: expect.stringContaining("NUL") });
});

test("a database that cannot be used stops the process with a sentence without its password", async () => {
  const open = (DATABASE_URL: string) => openState(readStateSettings({ DATABASE_URL }));
  const nowhere = open("postgres://cairn:secret@127.0.0.1:1/none");
  await expect(nowhere).rejects.toThrow(
    /^The database 127\.0\.0\.1:1\/none \(DATABASE_URL\) cannot be used: .*ECONNREFUSED/,
  );
  await expect(nowhere).rejects.toThrow(expect.not.stringContaining("secret"));
  expect(() => readStateSettings({ DATABASE_URL: "mysql://x" })).toThrow(/DATABASE_URL must be a URL like postgres/);
});

test.skipIf(postgresPrograms() === undefined)(
  "while the server is away calls fail as unavailable, and afterwards they work without a restart of the process",
  async () => {
    const server = await startPostgres(postgresPrograms()!);
    const own = openPostgresDatabase(server.url);
    await own.run("create table t (n integer)");
    const restarted = server.restart(1000);
    const outcomes: unknown[] = [];
    for (let i = 0; i < 20; i++) {
      outcomes.push(await own.run("insert into t (n) values (1)").catch((error: unknown) => error));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await restarted;
    for (const outcome of outcomes) {
      if (outcome !== 1) expect(outcome).toMatchObject({ code: "unavailable", retryable: true });
    }
    expect(await own.run("insert into t (n) values (1)")).toBe(1);
    const acknowledged = outcomes.filter((outcome) => outcome === 1).length + 1;
    expect((await own.get<{ n: number }>("select count(*) as n from t"))!.n).toBe(acknowledged);
    await own.close();
    await server.stop();
  },
);
