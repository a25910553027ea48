import { afterEach, beforeEach, expect, test } from "vitest";
import { pruneJobs } from "../../ingest/jobs.ts";
import { openRig, person, type Rig } from "../helpers/ingest-rig.ts";

const DAY_MS = 86_400_000;
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
  for (const name of ["ann", "bob"]) rig.people.set(name, person(name, ["ingest", "chat"]));
});
afterEach(() => rig.close());

async function call(as: string | undefined, method: "GET" | "POST", url: string, payload?: object) {
  const headers = as === undefined ? {} : { "x-person": as };
  const response = await rig.server.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.json() };
}
const statesOf = async () => {
  const jobs = await rig.db.all<{ id: string; state: string }>("select id, state from job");
  return new Map(jobs.map(({ id, state }) => [id, state]));
};

test("jobs and failures are told to those who may open the document, and to administrators", async () => {
  const secret = (await call("ann", "POST", "/v1/documents", { text: "UNREADABLE", acl: ["user:ann"] })).body;
  const open = (await call("ann", "POST", "/v1/documents", { text: "UNREADABLE too", acl: ["tenant"] })).body;
  await rig.work();
  const idsOf = (jobs: { id: string }[]) => jobs.map(({ id }) => id).sort();
  const both = [secret.job_id, open.job_id].sort();
  for (const [who, ids] of [
    ["ann", both],
    ["bob", [open.job_id]],
    [undefined, both],
  ] as const) {
    expect(idsOf((await call(who, "GET", "/v1/jobs")).body.jobs)).toEqual(ids);
    expect(idsOf((await call(who, "GET", "/v1/jobs?state=dead&limit=5")).body.jobs)).toEqual(ids);
    const status = (await call(who, "GET", "/v1/ingestion/status")).body;
    expect(idsOf(status.last_failures)).toEqual(ids);
    expect(status.jobs.dead).toBe(2);
  }
  expect((await call("bob", "GET", `/v1/jobs/${secret.job_id}`)).body).toMatchObject({
    status: 404,
    code: "not_found",
  });
  const events = await rig.server.inject({ url: `/v1/jobs/${secret.job_id}/events`, headers: { "x-person": "bob" } });
  expect(events.statusCode).toBe(404);
  expect((await call("ann", "GET", `/v1/jobs/${secret.job_id}`)).status).toBe(200);
});

test("done jobs are forgotten after a week, failures after a month, and one that still stands never", async () => {
  const done = (await call(undefined, "POST", "/v1/documents", { text: "One", uri: "a" })).body;
  const overtaken = (await call(undefined, "POST", "/v1/documents", { text: "UNREADABLE", uri: "b" })).body;
  await rig.work();
  await call(undefined, "POST", "/v1/documents", { text: "UNREADABLE again", uri: "b" });
  await rig.work();
  const standing = [...(await statesOf()).keys()].find((id) => ![done.job_id, overtaken.job_id].includes(id))!;
  expect(await pruneJobs(rig.db, Date.now() + 6 * DAY_MS)).toBe(0);
  expect(await pruneJobs(rig.db, Date.now() + 8 * DAY_MS)).toBe(1);
  expect((await statesOf()).has(done.job_id)).toBe(false);
  expect(await pruneJobs(rig.db, Date.now() + 400 * DAY_MS)).toBe(1);
  expect(await statesOf()).toEqual(new Map([[standing, "dead"]]));
  const again = await call(undefined, "POST", "/v1/documents", { text: "UNREADABLE again", uri: "b" });
  expect(again.body.unchanged).toBe(false);
});
