import { afterEach, beforeEach, expect, test } from "vitest";
import { openRig, person, type Rig } from "../helpers/ingest-rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
  for (const name of ["ann", "bob"]) rig.people.set(name, person(name, ["ingest", "chat"]));
});
afterEach(() => rig.close());

type Method = "GET" | "POST" | "DELETE";
async function call(as: string | undefined, method: Method, url: string, payload?: object) {
  const headers = as === undefined ? {} : { "x-person": as };
  const response = await rig.server.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.json() };
}

test("versions from before a deletion stay closed to whoever uses the uri again", async () => {
  const secret = { text: "Salary\n\n4242", uri: "note:1", acl: ["user:ann"] };
  const { body: old } = await call("ann", "POST", "/v1/documents", secret);
  await rig.work();
  await call("ann", "DELETE", `/v1/documents/${old.document.id}`);
  const { body: own } = await call("bob", "POST", "/v1/documents", { text: "Mine", uri: "note:1" });
  expect(own.document.id).toBe(old.document.id);
  const url = `/v1/documents/${old.document.id}`;
  const versions = async () =>
    (await call("bob", "GET", url)).body.versions.map(({ id }: { id: string }) => id) as string[];
  // Before the removal job has run, and after it.
  expect((await call("bob", "GET", `${url}/versions/${old.version_id}/text`)).status).toBe(404);
  expect(await versions()).toEqual([own.version_id]);
  await rig.work();
  expect((await call("bob", "GET", `${url}/versions/${old.version_id}/text`)).status).toBe(404);
  expect((await call("bob", "GET", `${url}/versions/${own.version_id}/text`)).body.text).toBe("Mine");
  expect(await versions()).toEqual([own.version_id]);
});

test("superseded versions of a document that was never deleted stay readable", async () => {
  const { body: first } = await call("ann", "POST", "/v1/documents", { text: "One", uri: "note:1" });
  await rig.work();
  await call("ann", "POST", "/v1/documents", { text: "Two", uri: "note:1" });
  await rig.work();
  const url = `/v1/documents/${first.document.id}`;
  expect((await call("bob", "GET", `${url}/versions/${first.version_id}/text`)).body.text).toBe("One");
  expect((await call("bob", "GET", url)).body.versions).toHaveLength(2);
});

test("who gives a document to others is told that it was taken in", async () => {
  await call("ann", "POST", "/v1/documents", { text: "One", uri: "note:1" });
  const given = await call("bob", "POST", "/v1/documents", { text: "Two", uri: "note:1", acl: ["user:carol"] });
  expect(given).toMatchObject({ status: 202, body: { unchanged: false, document: { acl: ["user:carol"] } } });
  expect((await call("bob", "GET", `/v1/documents/${given.body.document.id}`)).status).toBe(404);
  expect((await call("bob", "GET", `/v1/jobs/${given.body.job_id}`)).status).toBe(200);
});
