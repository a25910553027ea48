import { expect, test } from "vitest";
import { VERSION } from "#shared/version.ts";
import { cairn, pretender, start } from "./rig.ts";

const NOWHERE = { url: "http://127.0.0.1:9" };

test("--help lists every command, and each command explains itself without a server", async () => {
  const { code, stdout } = await cairn(NOWHERE, "--help");
  expect(code).toBe(0);
  const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
  expect(names).toEqual([
    "ask",
    "search",
    "ingest",
    "source",
    "status",
    "documents",
    "lineage",
    "verify",
    "replay",
    "recall",
    "erase",
    "release",
    "eval",
    "jobs",
    "keys",
    "reindex",
    "reconcile",
  ]);
  for (const name of names) {
    const help = await cairn(NOWHERE, name, "--help");
    expect(help.stdout).toMatch(new RegExp(`^Usage: ./cairn ${name}`));
    expect(help.code).toBe(0);
  }
});

test("--version prints the version of the package", async () => {
  expect(await cairn(NOWHERE, "--version")).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
  expect(JSON.parse((await cairn(NOWHERE, "--version", "--json")).stdout)).toEqual({ version: VERSION });
});

test.each([
  ["serach", "search"],
  ["docs", "documents"],
  ["stat", "status"],
])("the unknown command %s is answered with %s", async (typed, meant) => {
  const { code, stderr } = await cairn(NOWHERE, typed);
  expect(stderr).toContain(`There is no command "${typed}". Did you mean "${meant}"?`);
  expect(code).toBe(2);
});

test("a command that resembles none is not guessed", async () => {
  expect((await cairn(NOWHERE, "frobnicate")).stderr).toMatch(/^There is no command "frobnicate"\.\n/);
});

test.each([
  [["ask"], "What is the question?"],
  [["ask", "--colection", "x", "Why?"], "There is no option --colection. Did you mean --collection?"],
  [["search", "lamp", "--top-k", "51"], "--top-k must be a whole number from 1 to 50"],
  [["search", "lamp", "--top-k"], "argument missing"],
  [["ingest"], "Which files or folders?"],
  [["ingest", ".", "--acl", "everyone"], '"everyone" must be tenant, user:NAME or group:NAME'],
  [["status", "now"], "takes no arguments"],
])("%j is a wrong call: exit 2 and the usage", async (args, sentence) => {
  const { code, stdout, stderr } = await cairn(NOWHERE, ...args);
  expect(stderr).toContain(sentence);
  expect(stderr).toContain(`\nUsage: ./cairn ${args[0]}`);
  expect([code, stdout]).toEqual([2, ""]);
});

test("a server that is not there is named, with what to do", async () => {
  const closed = await pretender(() => {});
  closed.stop();
  const { code, stdout, stderr } = await cairn(closed, "ask", "Why?");
  expect(stderr).toBe(`Cairn does not answer at ${closed.url}. Start it with "npm start", or set CAIRN_URL.\n`);
  expect([code, stdout]).toEqual([1, ""]);
  const json = await cairn(closed, "status", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: "no_answer" } });
});

test("a setting that is no address is refused", async () => {
  const { code, stderr } = await start(["status"], { url: "localhost" }).ended;
  expect(stderr).toContain("CAIRN_URL must be an http(s) URL");
  expect(code).toBe(1);
});
