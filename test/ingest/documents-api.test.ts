import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openRig, person, type Rig } from "../helpers/ingest-rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
  rig.people.set("ann", person("ann", ["ingest", "chat"]));
  rig.people.set("bob", person("bob", ["ingest", "chat"]));
  rig.people.set("reader", person("reader", ["chat"]));
  rig.people.set("stranger", person("ann", ["ingest", "admin"], "elsewhere"));
});
afterEach(() => rig.close());

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
async function call(method: Method, url: string, payload?: object, as?: string) {
  const response = await rig.server.inject({
    method,
    url,
    ...(payload && { payload }),
    headers: as ? { "x-person": as } : {},
  });
  return { status: response.statusCode, body: response.json(), headers: response.headers };
}
const addText = (text: string, more: object = {}, as?: string) => call("POST", "/v1/documents", { text, ...more }, as);

async function upload(
  files: Record<string, string>,
  fields: Record<string, string> = {},
  url = "/v1/documents",
  method: Method = "POST",
) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  for (const [name, text] of Object.entries(files))
    form.append("file", new Blob([text], { type: "text/markdown" }), name);
  const encoded = new Response(form);
  const response = await rig.server.inject({
    method,
    url,
    payload: Buffer.from(await encoded.arrayBuffer()),
    headers: { "content-type": encoded.headers.get("content-type")! },
  });
  return { status: response.statusCode, body: response.json() };
}

describe("adding documents", () => {
  test("a file is acknowledged with its document, version and job, and the same file again changes nothing", async () => {
    const first = await upload({ "handbook.md": "Handbook\n\nTea." });
    expect(first).toMatchObject({
      status: 202,
      body: { unchanged: false, document: { uri: "upload:///handbook.md", acl: ["tenant"], collection: "default" } },
    });
    await rig.work();
    const again = await upload({ "handbook.md": "Handbook\n\nTea." });
    expect(again).toMatchObject({
      status: 200,
      body: { unchanged: true, version_id: first.body.version_id, document: { title: "Handbook" } },
    });
    expect((await call("GET", `/v1/jobs/${first.body.job_id}`)).body).toMatchObject({
      state: "done",
      attempts: 0,
      version_id: first.body.version_id,
    });
  });

  test("several files of one request become several documents with the given settings", async () => {
    const { status, body } = await upload(
      { "a.md": "A", "b.md": "B" },
      { collection: "hr", acl: "group:hr, user:ann" },
    );
    expect(status).toBe(202);
    expect(body.documents.map(({ document }: { document: object }) => document)).toMatchObject([
      { uri: "upload:///a.md", collection: "hr", acl: ["group:hr", "user:ann"] },
      { uri: "upload:///b.md", collection: "hr", acl: ["group:hr", "user:ann"] },
    ]);
    expect(await upload({ "a.md": "A", "b.md": "B" }, { uri: "x" })).toMatchObject({
      status: 400,
      body: { code: "invalid_request" },
    });
  });

  test("an ACL that is not given again is kept", async () => {
    const { body } = await upload({ "a.md": "One" }, { acl: "user:admin" });
    const second = await upload({ "a.md": "Two" });
    expect(second.body.document).toMatchObject({ id: body.document.id, acl: ["user:admin"] });
  });

  test.each([
    ["an unknown field", { text: "x", colour: 1 }, 400, "unknown_field", "colour"],
    ["a URL", { url: "https://example.org" }, 400, "unsupported_field", "url"],
    ["no text", { title: "x" }, 400, "invalid_request", "text"],
    ["a malformed ACL entry", { text: "x", acl: ["everyone"] }, 400, "invalid_request", "acl.0"],
    ["an ACL that names nobody", { text: "x", acl: [] }, 400, "invalid_request", "acl"],
  ])("%s is refused by name", async (_what, payload, status, code, param) => {
    expect(await call("POST", "/v1/documents", payload)).toMatchObject({ status, body: { code, param } });
  });

  test("an empty body, another content type, broken JSON and an empty file each get a sentence", async () => {
    const post = async (payload: string | undefined, type?: string) => {
      const headers = type ? { "content-type": type } : {};
      const response = await rig.server.inject({
        method: "POST",
        url: "/v1/documents",
        headers,
        ...(payload !== undefined && { payload }),
      });
      return [response.statusCode, response.json().detail];
    };
    expect(await post(undefined)).toEqual([400, expect.stringContaining("multipart/form-data")]);
    expect(await post("x", "text/plain")).toEqual([415, expect.stringContaining("multipart/form-data")]);
    expect((await post("{", "application/json"))[0]).toBe(400);
    expect((await upload({ "a.md": "" })).body).toMatchObject({ status: 400, detail: 'The file "a.md" is empty.' });
    expect((await upload({})).status).toBe(400);
  });

  test("more than twenty files are refused with a sentence", async () => {
    const files = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`${i}.md`, "x"]));
    expect(await upload(files)).toMatchObject({
      status: 413,
      body: { code: "too_large", detail: expect.stringContaining("20 files") },
    });
    expect((await call("GET", "/v1/documents")).body.documents).toEqual([]);
  });

  test("a text above 1 MB is accepted and one above 10 MB is too large", async () => {
    expect((await addText("x".repeat(2_000_000))).status).toBe(202);
    expect(await addText("x".repeat(11_000_000))).toMatchObject({ status: 413, body: { code: "too_large" } });
  });
});

describe("who may do what", () => {
  test("adding needs the scope ingest", async () => {
    expect(await addText("x", {}, "reader")).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect((await addText("x", {}, "nobody")).status).toBe(401);
  });

  test("a document that is closed to somebody looks like one that does not exist", async () => {
    const { body } = await addText("Secret", { acl: ["user:carol"] }, "ann");
    const { id } = body.document;
    expect((await call("GET", `/v1/documents/${id}`, undefined, "ann")).status).toBe(200);
    const absent = await call("GET", "/v1/documents/absent", undefined, "bob");
    for (const who of ["bob", "reader", "stranger"]) {
      expect((await call("GET", `/v1/documents/${id}`, undefined, who)).body).toEqual(absent.body);
    }
    expect((await call("DELETE", `/v1/documents/${id}`, undefined, "bob")).status).toBe(404);
    expect((await call("GET", "/v1/documents", undefined, "bob")).body.documents).toEqual([]);
  });

  test("nobody can put content into a document that is closed to them by using its uri", async () => {
    await addText("Secret", { uri: "plan", acl: ["user:carol"] }, "ann");
    expect(await addText("Forged", { uri: "plan" }, "bob")).toMatchObject({
      status: 409,
      body: { code: "conflict", param: "uri" },
    });
  });

  test("jobs of another tenant do not exist", async () => {
    const { body } = await addText("x");
    expect((await call("GET", `/v1/jobs/${body.job_id}`, undefined, "stranger")).status).toBe(404);
    expect((await call("GET", "/v1/ingestion/status", undefined, "stranger")).body.documents.total).toBe(0);
  });
});

describe("a document's life", () => {
  test("a changed ACL reaches the index before the answer", async () => {
    const { body } = await addText("One\n\nText.");
    await rig.work();
    const patched = await call("PATCH", `/v1/documents/${body.document.id}`, { acl: ["user:ann"], title: "Named" });
    expect(patched).toMatchObject({ status: 200, body: { acl: ["user:ann"], title: "Named" } });
    expect(rig.held.get(body.version_id)!.filing.acl).toEqual(["user:ann"]);
    expect((await call("PATCH", `/v1/documents/${body.document.id}`, {})).status).toBe(400);
  });

  test("PUT replaces the content and keeps the uri", async () => {
    const { body } = await upload({ "a.md": "One" });
    const replaced = await upload({ "other-name.md": "Two" }, {}, `/v1/documents/${body.document.id}`, "PUT");
    expect(replaced).toMatchObject({
      status: 202,
      body: { document: { id: body.document.id, uri: "upload:///a.md" } },
    });
    expect((await call("PUT", `/v1/documents/${body.document.id}`, { text: "x", uri: "y" })).status).toBe(400);
  });

  test("a deleted document is gone at once, its chunks and bytes after the job, and its uri can be used again", async () => {
    const { body } = await upload({ "a.md": "One\n\nText." });
    await rig.work();
    expect((await call("DELETE", `/v1/documents/${body.document.id}`)).status).toBe(202);
    expect((await call("GET", `/v1/documents/${body.document.id}`)).status).toBe(404);
    await rig.work();
    expect(rig.held.size).toBe(0);
    await expect(rig.blobs.get(`local/${body.version_id}/original`)).rejects.toThrow("gone");
    const revived = await upload({ "a.md": "One\n\nText." });
    expect(revived).toMatchObject({ status: 202, body: { unchanged: false, document: { id: body.document.id } } });
    await rig.work();
    expect([...rig.held.keys()]).toEqual([revived.body.version_id]);
  });

  test("the text of a version is served in code points", async () => {
    const { body } = await addText("😀 Tea\n\nfour");
    const url = `/v1/documents/${body.document.id}/versions/${body.version_id}/text`;
    expect((await call("GET", url)).status).toBe(404);
    await rig.work();
    expect((await call("GET", `${url}?start=2&end=5`)).body).toMatchObject({
      text: "Tea",
      start: 2,
      end: 5,
      code_points: 11,
    });
    expect((await call("GET", `${url}?start=0&end=20001`)).body).toMatchObject({ status: 400, param: "end" });
  });

  test("pages of a listing join without gaps or repeats", async () => {
    for (let i = 0; i < 5; i++) await addText(`Text ${i}`);
    const seen: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await call("GET", `/v1/documents?limit=2${cursor}`);
      seen.push(...body.documents.map(({ id }: { id: string }) => id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
    expect((await call("GET", "/v1/documents?cursor=nonsense")).status).toBe(400);
  });

  test("a failed job shows why, in the status and in its events", async () => {
    const { body } = await addText("UNREADABLE");
    await rig.work();
    expect((await call("GET", "/v1/documents")).body.documents).toMatchObject([{ state: "failed" }]);
    const status = await call("GET", "/v1/ingestion/status");
    expect(status.body).toMatchObject({
      jobs: { dead: 1 },
      last_failures: [{ id: body.job_id, code: "unreadable_document", reason: "This file is damaged." }],
    });
    const events = await rig.server.inject({ url: `/v1/jobs/${body.job_id}/events` });
    expect(events.headers["content-type"]).toContain("text/event-stream");
    expect(events.body).toContain('"state":"dead"');
    expect((await call("GET", "/v1/jobs?state=dead")).body.jobs).toHaveLength(1);
  });

  test("a folder is synced through the API where that is allowed, and refused elsewhere", async () => {
    const closed = await openRig({ isOperator: false });
    const payload = { kind: "folder", location: rig.folder };
    const refused = await closed.server.inject({ method: "POST", url: "/v1/sources", payload });
    expect(refused.statusCode).toBe(403);
    await closed.close();
    const { body } = await call("POST", "/v1/sources", { kind: "folder", location: rig.folder });
    expect(await call("POST", `/v1/sources/${body.id}/sync`)).toMatchObject({ status: 202, body: { state: "queued" } });
    expect((await call("GET", "/v1/sources")).body.sources).toHaveLength(1);
    expect((await call("GET", "/v1/sources", undefined, "ann")).status).toBe(403);
  });

  test("every route is in the OpenAPI description", async () => {
    const { body } = await call("GET", "/openapi.json");
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(["/v1/documents", "/v1/jobs/{id}/events", "/v1/sources/{id}/sync"]),
    );
  });
});
