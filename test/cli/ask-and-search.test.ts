import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cairn, localCairn, tempFolder } from "./rig.ts";

let server: Awaited<ReturnType<typeof localCairn>>;
const folder = tempFolder();

beforeAll(async () => {
  server = await localCairn();
  mkdirSync(join(folder.path, "rules"));
  writeFileSync(
    join(folder.path, "rules", "holidays.md"),
    "# Holidays\n\n## Annual leave\n\nEvery employee has 28 days of annual leave.\n",
  );
  const { code, stderr } = await cairn(server, "ingest", join(folder.path, "rules"));
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

afterAll(async () => {
  await server.stop();
  folder.remove();
});

test("an answer is followed by its numbered sources, its outcome and its lineage", async () => {
  const { code, stdout, stderr } = await cairn(
    server,
    "ask",
    "How many days",
    "of annual leave does an employee have?",
  );
  expect(stderr).toBe("");
  expect(stdout).toMatch(/28 days of annual leave.*\[1\]/);
  expect(stdout).toContain(
    "[1] Holidays › Annual leave\n    upload:///rules/holidays.md\n    “Every employee has 28 days",
  );
  expect(stdout).toMatch(/^Outcome: answered · lineage [0-9a-f-]{36}$/m);
  expect(code).toBe(0);
});

test("a question that the documents do not answer ends with exit code 3", async () => {
  const { code, stdout } = await cairn(server, "ask", "Which colour has the submarine of the mayor?");
  expect(stdout).toContain("I could not find an answer");
  expect(stdout).toContain("Outcome: no_evidence");
  expect(code).toBe(3);
});

test("--json prints one document with answer, outcome, citations and lineage", async () => {
  const { code, stdout } = await cairn(server, "ask", "--json", "How many days of annual leave are there?");
  const body = JSON.parse(stdout);
  expect(body).toMatchObject({ outcome: "answered", citations: [{ marker: 1, source: { title: "Holidays" } }] });
  expect(body.answer).toContain("28 days");
  expect(body.lineage.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(code).toBe(0);
});

test("a follow-up question is understood in its conversation", async () => {
  const first = JSON.parse((await cairn(server, "ask", "--json", "How many days of annual leave are there?")).stdout);
  const id: string = first.lineage.conversation_id;
  const { stdout } = await cairn(server, "ask", "--conversation", id, "--json", "Which employee has it?");
  const second = JSON.parse(stdout);
  expect(second.lineage.conversation_id).toBe(id);
  expect(second.outcome).toBe("answered");
});

test("a question to another collection does not use the documents of this one", async () => {
  const { code } = await cairn(server, "ask", "--collection", "other", "How many days of annual leave are there?");
  expect(code).toBe(3);
});

test("search lists passages by rank with their place and their text", async () => {
  const { code, stdout } = await cairn(server, "search", "annual", "leave", "--top-k", "1");
  expect(stdout).toBe(
    "1. Holidays › Annual leave\n   upload:///rules/holidays.md\n   Every employee has 28 days of annual leave.\n\n",
  );
  expect(code).toBe(0);
});

test("a search that finds nothing says so and still prints a JSON document when asked to", async () => {
  const found = await cairn(server, "search", "zzzz");
  expect(found).toMatchObject({ code: 0, stdout: "" });
  expect(found.stderr).toContain("Nothing was found");
  const json = await cairn(server, "search", "zzzz", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ results: [] });
});
