import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal({ auth: "keys", files: { "tea.md": "# Tea\n\nGreen tea is steeped at 80 degrees." } });
});
afterAll(() => app.close());

type Sent = { readonly method?: string; readonly body?: object; readonly cookie?: string; readonly origin?: string };

/** As a browser sends it: a cookie and, with a change, where the page is from. */
function visit(path: string, { method, body, cookie, origin }: Sent = {}): Promise<Response> {
  return fetch(`${app.address}${path}`, {
    method: method ?? (body ? "POST" : "GET"),
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(cookie && { cookie }),
      ...(origin && { origin }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

async function signIn(key: string, origin = app.address): Promise<string> {
  const response = await visit("/v1/session", { body: { key }, origin });
  expect(response.status).toBe(200);
  return response.headers.get("set-cookie")!.split(";")[0]!;
}

test("a key is exchanged for a cookie that no script reads and no other site sends", async () => {
  const response = await visit("/v1/session", { body: { key: app.admin! }, origin: app.address });
  const set = response.headers.get("set-cookie")!;
  expect(set).toMatch(/^cairn_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  expect(set).not.toContain(app.admin!.split("_")[2]!.slice(0, 20));
  expect(await response.json()).toMatchObject({ tenant: "local", subject: "admin", signed_in: true });
});

test("behind TLS the cookie is sent over TLS only", async () => {
  const response = await fetch(`${app.address}/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: `https://${new URL(app.address).host}` },
    body: JSON.stringify({ key: app.admin }),
  });
  expect(response.headers.get("set-cookie")).toMatch(/; Secure$/);
});

test("a session is whoever the key is, until it is ended", async () => {
  const { key } = await app.keyFor({ subject: "ann", groups: ["tea"], scopes: ["chat"] });
  const cookie = await signIn(key);
  const me = await visit("/v1/session", { cookie });
  expect(await me.json()).toMatchObject({ subject: "ann", groups: ["tea"], scopes: ["chat"], signed_in: true });
  expect((await visit("/v1/keys", { cookie })).status).toBe(403);

  expect((await visit("/v1/session", { method: "DELETE", cookie, origin: app.address })).status).toBe(204);
  expect((await visit("/v1/session", { cookie })).status).toBe(401);
});

test("a revoked key ends its sessions at once", async () => {
  const { id, key } = await app.keyFor({ subject: "bob" });
  const cookie = await signIn(key);
  expect((await visit("/v1/session", { cookie })).status).toBe(200);
  await app.send(`/v1/keys/${id}`, undefined, { method: "DELETE" });
  expect((await visit("/v1/session", { cookie })).status).toBe(401);
});

test("a session ends by itself after twelve hours", async () => {
  const cookie = await signIn(app.admin!);
  await app.db.run("update session set expires_at = $1", [Date.now() - 1]);
  expect((await visit("/v1/session", { cookie })).status).toBe(401);
});

test.each(["https://evil.example", "null", undefined, "http://127.0.0.1:1"])(
  "a change that a cookie would allow is refused when it comes from %s",
  async (origin) => {
    const cookie = await signIn(app.admin!);
    const sent = { body: { text: "Ours.", uri: "mine.md" }, cookie, ...(origin !== undefined && { origin }) };
    const response = await visit("/v1/documents", sent);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "forbidden" });
    const end = await visit("/v1/session", { method: "DELETE", cookie, ...(origin !== undefined && { origin }) });
    expect(end.status).toBe(403);
  },
);

test("another site's page cannot sign its reader in", async () => {
  const sent = { body: { key: app.admin! }, origin: "https://evil.example" };
  expect((await visit("/v1/session", sent)).status).toBe(403);
});

test("what is no key, and a key that is none of ours, open no session", async () => {
  for (const key of ["x", `cairn_000000000000_${"A".repeat(43)}00000000`, app.admin!.slice(0, -1)]) {
    const response = await visit("/v1/session", { body: { key }, origin: app.address });
    expect(response.status).toBe(401);
    expect(response.headers.get("set-cookie")).toBeNull();
  }
});

test("a key that is sent counts, whatever cookie comes with it", async () => {
  const cookie = await signIn(app.admin!);
  const { key } = await app.keyFor({ subject: "carol" });
  const response = await fetch(`${app.address}/v1/session`, { headers: { cookie, authorization: `Bearer ${key}` } });
  expect(await response.json()).toMatchObject({ subject: "carol", signed_in: false });
});
