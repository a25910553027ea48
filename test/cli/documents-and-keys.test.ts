import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey, LOCAL_ADMIN } from "#shared/identity.ts";
import { cairn, localCairn, type Place, tempFolder } from "./rig.ts";

let server: Awaited<ReturnType<typeof localCairn>>;
let admin: Place;
const folder = tempFolder();

beforeAll(async () => {
  server = await localCairn("keys");
  const { key } = await createKey(server.state.db, server.state.pepper, { ...LOCAL_ADMIN, expiresAt: undefined });
  admin = { url: server.url, key };
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

test("a document can be listed, shown and deleted", async () => {
  writeFileSync(join(folder.path, "tea.md"), "# Tea\n\nTea is served at four.");
  await cairn(admin, "ingest", join(folder.path, "tea.md"));
  const { stdout } = await cairn(admin, "documents");
  const [, id] = /^(\S+) {2}ready {4}Tea {2}\(upload:\/\/\/tea\.md\)$/m.exec(stdout) ?? [];
  expect(id).toBeDefined();
  const shown = await cairn(admin, "documents", "show", id!);
  expect(shown.stdout).toMatch(/^title {7}Tea$/m);
  expect(shown.stdout).toContain("1 passages");
  expect(JSON.parse((await cairn(admin, "documents", "show", id!, "--json")).stdout)).toMatchObject({ id });
  expect((await cairn(admin, "documents", "delete", id!)).code).toBe(0);
  const gone = await cairn(admin, "documents", "show", id!);
  expect(gone.code).toBe(1);
  expect(gone.stderr).toMatch(/no such document\.\n {2}code: document_not_found, request id: [0-9a-f-]{36}\n/);
});

test("a new key stands alone on stdout, works, and is refused once it is revoked", async () => {
  const made = await cairn(admin, "keys", "create", "--subject", "maria", "--scopes", "chat", "--expires", "30d");
  expect(made.stdout).toMatch(/^cairn_\S+\n$/);
  expect(made.stderr).toContain("of maria, tenant local, scopes chat, until 20");
  const maria = { url: server.url, key: made.stdout.trim() };
  expect((await cairn(maria, "search", "tea")).code).toBe(0);
  const listed = (await cairn(admin, "keys", "list")).stdout;
  const [, id] = /^(\S+) {2}local {2}maria {2}chat {2}created/m.exec(listed) ?? [];
  expect(listed).not.toContain(maria.key);
  expect((await cairn(admin, "keys", "revoke", id!)).stdout).toContain(`Revoked ${id}`);
  const refused = await cairn(maria, "search", "tea");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("unknown, expired or revoked.\nSet CAIRN_KEY");
  expect((await cairn(admin, "keys", "list")).stdout).toMatch(/maria .*revoked 20/);
});

test("the operator looks after the keys of every tenant, another administrator after those of his own", async () => {
  const boss = await cairn(admin, "keys", "create", "--tenant", "acme", "--subject", "boss", "--scopes", "admin");
  const acme = { url: server.url, key: boss.stdout.trim() };
  const other = await cairn(acme, "keys", "create", "--tenant", "globex", "--subject", "spy");
  expect(other.code).toBe(1);
  expect(other.stderr).toContain("Only keys of your own tenant");
  const own = JSON.parse((await cairn(acme, "keys", "list", "--json")).stdout).keys as { id: string; tenant: string }[];
  expect(own.map(({ tenant }) => tenant)).toEqual(["acme"]);
  expect((await cairn(admin, "keys", "revoke", own[0]!.id)).code).toBe(0);
  expect((await cairn(acme, "keys", "list")).code).toBe(1);
});

test("a key without a scope is told which one it lacks, and still sees that Cairn is ready", async () => {
  const made = await cairn(admin, "keys", "create", "--subject", "tom", "--json");
  const tom = { url: server.url, key: JSON.parse(made.stdout).key };
  const refused = await cairn(tom, "keys", "list", "--json");
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "forbidden" } });
  expect(refused.stderr).toContain('needs the scope "admin"');
  const status = await cairn(tom, "status");
  expect(status.stdout).toContain("is ready (database: ok)");
  expect(status.stdout).toContain('does not have the scope "ingest"');
  expect(status.code).toBe(0);
});

test.each([
  [["keys", "create"], "Give --subject NAME"],
  [["keys", "create", "--subject", "x", "--scopes", "chat,sing"], 'There is no scope "sing"'],
  [["keys", "create", "--subject", "x", "--expires", "soon"], "such as 30d"],
  [["keys", "list", "--tenant", "x"], '--tenant belongs to "keys create"'],
  [["keys", "revoke"], "Which key?"],
  [["documents", "show", "../keys"], "is not the id of a document"],
  [["documents", "remove", "x"], 'There is no "documents remove"'],
])("%j is a wrong call", async (args, sentence) => {
  const { code, stderr, stdout } = await cairn(admin, ...args);
  expect(stderr).toContain(sentence);
  expect(stderr).toContain("\nUsage: ./cairn ");
  expect([code, stdout]).toEqual([2, ""]);
});
