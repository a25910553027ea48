import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal({ auth: "keys" });
});
afterAll(() => app.close());

type Page = { documents: { id: string; title: string; state: string }[]; next_cursor: string | null };
const list = async (query: string): Promise<string[]> =>
  ((await (await app.send(`/v1/documents?${query}`)).json()) as Page).documents.map(({ title }) => title).sort();

test("documents are found by what their title or path contains, and by their state", async () => {
  await app.upload({ text: "Soup on Monday.", title: "Menu 100%", uri: "kitchen/menu.md" });
  await app.upload({ text: "三十天。", title: "休假", uri: "人事/休假.md" });
  expect(await list("query=MENU")).toEqual(["Menu 100%"]);
  expect(await list("query=kitchen/")).toEqual(["Menu 100%"]);
  expect(await list("query=100%25")).toEqual(["Menu 100%"]);
  expect(await list("query=M_nu")).toEqual([]);
  expect(await list(`query=${encodeURIComponent("人事")}`)).toEqual(["休假"]);
  expect(await list("state=ready")).toEqual(["Menu 100%", "休假"]);
  expect(await list("state=failed")).toEqual([]);
  expect((await app.send("/v1/documents?state=lost")).status).toBe(400);
});

test("the original comes byte for byte, as a file that no browser runs, and only to its readers", async () => {
  const text = "# <script>alert(1)</script>\r\n\r\nCR and LF.";
  const { document, version_id } = await app.upload({ text, uri: "original.md", acl: ["group:hr"] });
  const path = `/v1/documents/${document.id}/versions/${version_id}/original`;
  const response = await app.send(path);
  expect(await response.text()).toBe(text);
  expect(response.headers.get("content-type")).toBe("application/octet-stream");
  expect(response.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''text.md");
  expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");

  const [stranger, reader, other] = await Promise.all([
    app.keyFor({ tenant: "local", subject: "ann", scopes: ["chat"] }),
    app.keyFor({ tenant: "local", subject: "bob", groups: ["hr"], scopes: ["chat"] }),
    app.keyFor({ tenant: "acme", subject: "eve", scopes: ["admin"] }),
  ]);
  expect((await app.send(path, undefined, { key: stranger.key })).status).toBe(404);
  expect((await app.send(path, undefined, { key: reader.key })).status).toBe(200);
  expect((await app.send(path, undefined, { key: other.key })).status).toBe(404);
  expect((await app.send(path.replace(version_id, "other"))).status).toBe(404);
});

test("a job that was given up is tried anew, one that was not is left alone", async () => {
  const form = new FormData();
  form.append("file", new File(["%PDF-1.7\nnothing"], "broken.pdf", { type: "application/pdf" }));
  const sent = await fetch(`${app.address}/v1/documents`, {
    method: "POST",
    body: form,
    headers: { authorization: `Bearer ${app.admin}` },
  });
  const { job_id } = (await sent.json()) as { job_id: string };
  await app.local.worker.idle();
  const state = async (): Promise<string> =>
    ((await (await app.send(`/v1/jobs/${job_id}`)).json()) as { state: string }).state;
  expect(await state()).toBe("dead");
  expect(await list("state=failed")).toEqual(["broken.pdf"]);

  const { key } = await app.keyFor({ tenant: "local", subject: "ann", scopes: ["chat"] });
  expect((await app.send(`/v1/jobs/${job_id}/retry`, undefined, { method: "POST", key })).status).toBe(403);
  const retried = await app.send(`/v1/jobs/${job_id}/retry`, undefined, { method: "POST" });
  expect(retried.status).toBe(202);
  expect(await retried.json()).toMatchObject({ id: job_id, attempts: 0 });
  await app.local.worker.idle();
  expect(await state()).toBe("dead");

  const good = await app.upload({ text: "Fine.", uri: "fine.md" });
  const again = await app.send(`/v1/jobs/${good.version_id}/retry`, undefined, { method: "POST" });
  expect([again.status, ((await again.json()) as { code: string }).code]).toEqual([409, "conflict"]);
});

test("the status is for administrators, counts their tenant's answers, and names no address of a model server", async () => {
  await app.ask("What is on Monday?");
  const status = (await (await app.send("/v1/status")).json()) as {
    answers_last_day: Record<string, number>;
    gateway: object;
  };
  expect(Object.values(status.answers_last_day).reduce((a, b) => a + b)).toBe(1);
  expect(status.gateway).toMatchObject({
    models: [{ alias: "chat" }],
    upstreams: [{ name: "extractive", healthy: true }],
  });
  expect(JSON.stringify(status)).not.toMatch(/https?:/);
  const { key } = await app.keyFor({ tenant: "local", subject: "ann", scopes: ["chat", "ingest", "audit"] });
  expect((await app.send("/v1/status", undefined, { key })).status).toBe(403);
  const acme = await app.keyFor({ tenant: "acme", subject: "eve", scopes: ["admin"] });
  const theirs = (await (await app.send("/v1/status", undefined, { key: acme.key })).json()) as typeof status;
  expect(Object.values(theirs.answers_last_day).reduce((a, b) => a + b)).toBe(0);
});

test.each([
  ["GET", "/v1/session"],
  ["GET", "/v1/release"],
  ["GET", "/v1/status"],
  ["PATCH", `/v1/conversations/${crypto.randomUUID()}`],
  ["POST", "/v1/jobs/x/retry"],
  ["GET", "/v1/documents/x/versions/y/original"],
])("%s %s needs a key, in a header and not in the address", async (method, path) => {
  expect((await fetch(`${app.address}${path}`, { method })).status).toBe(401);
  expect((await fetch(`${app.address}${path}?key=${app.admin}&api_key=${app.admin}`, { method })).status).toBe(401);
});
