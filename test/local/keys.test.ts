import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";

const QUESTION = "Which port does the gateway listen on?";
let app: LocalApp;
beforeAll(async () => {
  app = await openLocal({
    auth: "keys",
    files: { "ports.md": "# Ports\n\nThe gateway listens on port 8081.\n" },
  });
});
afterAll(() => app.close());

const models = (headers: Record<string, string>, path = "/v1/models"): Promise<Response> =>
  fetch(`${app.address}${path}`, { headers });

test("without a key every route answers 401, and says how to send one", async () => {
  const paths: [string, string][] = [
    ["POST", "/v1/chat/completions"],
    ["GET", "/v1/models"],
    ["POST", "/v1/search"],
    ["GET", "/v1/conversations"],
    ["GET", "/v1/answers/01890000-0000-7000-8000-000000000000"],
    ["POST", "/v1/keys"],
    ["GET", "/v1/documents"],
    ["POST", "/v1/documents"],
    ["GET", "/v1/jobs"],
    ["POST", "/v1/sources"],
    ["GET", "/v1/ingestion/status"],
  ];
  for (const [method, path] of paths) {
    const response = await fetch(`${app.address}${path}`, { method });
    expect([path, response.status]).toEqual([path, 401]);
    expect(await response.text()).toContain("Authorization: Bearer");
  }
  expect((await fetch(`${app.address}/livez`)).status).toBe(200);
});

test("a key works as a bearer and as x-api-key, and nowhere else", async () => {
  const { key } = await app.keyFor({ subject: "ann" });
  expect((await models({ authorization: `Bearer ${key}` })).status).toBe(200);
  expect((await models({ authorization: `bearer ${key}` })).status).toBe(200);
  expect((await models({ "x-api-key": key })).status).toBe(200);
  expect((await models({}, `/v1/models?api_key=${key}&key=${key}`)).status).toBe(401);
  expect((await models({ cookie: `key=${key}` })).status).toBe(401);
  expect((await models({ authorization: `Basic ${btoa(`x:${key}`)}` })).status).toBe(401);
  const { key: other } = await app.keyFor({ subject: "bob" });
  expect((await models({ authorization: `Bearer ${key}`, "x-api-key": other })).status).toBe(401);
});

test("a key that was changed, revoked or has expired opens nothing", async () => {
  const { id, key } = await app.keyFor({ subject: "cy" });
  expect((await models({ "x-api-key": `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}` })).status).toBe(401);
  expect((await models({ "x-api-key": key })).status).toBe(200);
  expect((await app.send(`/v1/keys/${id}`, undefined, { method: "DELETE" })).status).toBe(204);
  expect((await models({ "x-api-key": key })).status).toBe(401);
  const { id: second, key: old } = await app.keyFor({ subject: "cy" });
  await app.db.run("update api_key set expires_at = $1 where id = $2", [Date.now() - 1, second]);
  expect((await models({ "x-api-key": old })).status).toBe(401);
});

test("a key opens what its scopes say, and 403 names the missing one", async () => {
  const { key: chat } = await app.keyFor({ subject: "ann", scopes: ["chat"] });
  const { key: ingest } = await app.keyFor({ subject: "ivy", scopes: ["ingest"] });
  const { key: audit } = await app.keyFor({ subject: "aud", scopes: ["audit"] });
  const answer = await app.ask(QUESTION, {}, { key: chat });
  expect(answer.outcome).toBe("answered");
  const record = `/v1/answers/${answer.lineage.id}/record`;
  const cases: [key: string, path: string, body: object | undefined, status: number][] = [
    [chat, "/v1/documents", { text: "x" }, 403],
    [chat, "/v1/keys", { subject: "x" }, 403],
    [chat, record, undefined, 403],
    [ingest, "/v1/chat/completions", app.chatBody(QUESTION), 403],
    [ingest, "/v1/search", { query: "port" }, 403],
    [ingest, "/v1/documents", { text: "A note." }, 202],
    [audit, record, undefined, 200],
    [audit, "/v1/search", { query: "port" }, 403],
  ];
  for (const [key, path, body, status] of cases) {
    const response = await app.send(path, body, { key });
    expect([path, response.status]).toEqual([path, status]);
    if (status === 403) expect(await response.text()).toMatch(/scope \\?"\w+\\?"/);
  }
});

test("an administrator makes keys for the own tenant, and lists them without secrets", async () => {
  const { key: root } = await app.keyFor({ tenant: "acme", subject: "root", scopes: ["admin"] });
  const refused = await app.send("/v1/keys", { tenant: "globex", subject: "x" }, { key: root });
  expect(refused.status).toBe(403);
  const made = await app.send("/v1/keys", { subject: "dee", groups: ["eng"] }, { key: root });
  expect(made.status).toBe(201);
  const { id, key } = (await made.json()) as { id: string; key: string };
  const listed = await (await app.send("/v1/keys", undefined, { key: root })).text();
  expect(listed).toContain(id);
  expect(listed).not.toContain(key.split("_").at(-1));
  const { key: far } = await app.keyFor({ tenant: "globex", subject: "root", scopes: ["admin"] });
  expect((await app.send(`/v1/keys/${id}`, undefined, { method: "DELETE", key: far })).status).toBe(404);
  expect(await (await app.send("/v1/keys", undefined, { key: far })).text()).not.toContain(id);
  expect((await app.send(`/v1/keys/${id}`, undefined, { method: "DELETE", key: root })).status).toBe(204);
});

test("another person's answers and conversations are not found, whatever is done to them", async () => {
  const { key: ann } = await app.keyFor({ subject: "ann" });
  const { key: bob } = await app.keyFor({ subject: "bob" });
  const { key: far } = await app.keyFor({ tenant: "acme", subject: "ann" });
  const { key: farRoot } = await app.keyFor({ tenant: "acme", subject: "root", scopes: ["admin", "audit"] });
  const { lineage } = await app.ask(QUESTION, {}, { key: ann });
  const conversation = `/v1/conversations/${lineage.conversation_id}`;
  const more = app.chatBody("And?", { cairn: { conversation_id: lineage.conversation_id } });
  for (const key of [bob, far, farRoot]) {
    const tries: [path: string, body?: object, method?: string][] = [
      [`/v1/answers/${lineage.id}`],
      [`/v1/answers/${lineage.id}/lineage`],
      [`/v1/answers/${lineage.id}/feedback`, { rating: "up" }],
      [conversation],
      [conversation, undefined, "DELETE"],
      ["/v1/chat/completions", more],
    ];
    for (const [path, body, method] of tries) {
      const response = await app.send(path, body, { key, ...(method && { method }) });
      expect([path, response.status]).toEqual([path, 404]);
    }
    const listed = (await (await app.send("/v1/conversations", undefined, { key })).json()) as {
      conversations: object[];
    };
    expect(listed.conversations).toEqual([]);
  }
  expect((await app.send(`/v1/answers/${lineage.id}/record`, undefined, { key: farRoot })).status).toBe(404);
  expect((await app.send(conversation, undefined, { key: ann })).status).toBe(200);
});

test("every tenant that a key can be made for can upload, and a name that no store would take is refused", async () => {
  const { key } = await app.keyFor({ tenant: "acme-2.corp_x", subject: "bob@corp", scopes: ["ingest"] });
  expect((await app.send("/v1/documents", { text: "A note." }, { key })).status).toBe(202);
  for (const tenant of ["acme@corp", "..", "a/b", ""]) {
    const refused = await app.send("/v1/keys", { tenant, subject: "bob" });
    expect([tenant, refused.status]).toEqual([tenant, 400]);
    expect(await refused.json()).toMatchObject({ code: "invalid_request", detail: expect.stringContaining("tenant") });
  }
});

test("making and revoking a key leaves its trace with the tenant that it belongs to, once", async () => {
  const { id } = await app.keyFor({ tenant: "traced", subject: "ann" });
  for (let i = 0; i < 2; i++) await app.send(`/v1/keys/${id}`, undefined, { method: "DELETE" });
  expect(
    await app.db.all("select tenant, subject, action from audit where target = $1 order by at, action", [id]),
  ).toEqual([
    { tenant: "traced", subject: "local/admin", action: "key.create" },
    { tenant: "traced", subject: "local/admin", action: "key.revoke" },
  ]);
});
