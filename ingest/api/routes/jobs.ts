import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { signalFor } from "#shared/cancel.ts";
import type { Principal } from "#shared/principal.ts";
import { type SseEvent, sendEvents } from "#shared/sse.ts";
import { getJob, ingestionStatus, listJobs, retryJob } from "../../jobs.ts";
import * as field from "../fields.ts";
import type { RouteDeps, Routes } from "../ingest-deps.ts";
import { jobView } from "../views.ts";

const WATCH_LIMIT_MS = 10 * 60_000;
const WATCH_POLL_MS = 200;
const tags = ["jobs"];
const params = z.object({ id: field.id });

/** The progress of uploads and deletions, as far as the caller may open the documents. */
export function mountJobs(routes: Routes, { store, authenticate, log, wake }: RouteDeps): void {
  const onRequest = needs(authenticate, "ingest", "admin");
  const { db } = store;

  /** One event per change, the last one being the end of the job. */
  async function* watch(principal: Principal, id: string, signal: AbortSignal): AsyncGenerator<SseEvent, void> {
    const until = store.now() + WATCH_LIMIT_MS;
    let seen = "";
    while (!signal.aborted && store.now() < until) {
      const view = jobView(await getJob(db, principal, id));
      const state = `${view.state} ${view.step} ${view.attempts}`;
      if (state !== seen) yield { event: "job", data: view };
      seen = state;
      if (view.state === "done" || view.state === "dead") return;
      await sleep(WATCH_POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async function statusOf(principal: Principal) {
    const status = await ingestionStatus(db, principal, store.now());
    const jobs = { ready: 0, leased: 0, done: 0, dead: 0, ...status.jobs };
    const rate = status.finishedLastMinute;
    return {
      documents: status.documents,
      jobs,
      jobs_last_minute: rate,
      seconds_left: rate === 0 ? null : Math.round((60 * (jobs.ready + jobs.leased)) / rate),
      oldest_waiting_seconds: status.oldestWaitingMs === undefined ? null : Math.round(status.oldestWaitingMs / 1000),
      stuck: status.stuck,
      waiting_for: status.waiting,
      last_failures: status.failures.map(jobView),
    };
  }

  /** One event per change, at most one a second. */
  async function* watchAll(principal: Principal, signal: AbortSignal): AsyncGenerator<SseEvent, void> {
    const until = store.now() + WATCH_LIMIT_MS;
    let seen = "";
    while (!signal.aborted && store.now() < until) {
      const status = await statusOf(principal);
      const { ready, leased, done, dead } = status.jobs;
      const state = [ready, leased, done, dead].join();
      if (state !== seen) yield { event: "status", data: status };
      seen = state;
      if (ready + leased === 0) return;
      await sleep(1000, undefined, { signal }).catch(() => undefined);
    }
  }

  routes.get("/v1/jobs/:id", { onRequest, schema: { tags, summary: "State of a job", params } }, async (request) =>
    jobView(await getJob(db, callerOf(request), request.params.id)),
  );

  routes.post(
    "/v1/jobs/:id/retry",
    { onRequest, schema: { tags, summary: "Try a job anew that was given up", params } },
    async (request, reply) => {
      const job = await retryJob(store, callerOf(request), request.params.id);
      wake();
      return reply.code(202).send(jobView(job));
    },
  );

  routes.get(
    "/v1/jobs/:id/events",
    {
      onRequest,
      schema: { tags, summary: "Progress of a job as server-sent events, until it is done or dead", params },
    },
    async (request, reply) => {
      const events = watch(callerOf(request), request.params.id, signalFor(reply));
      return sendEvents(reply, events, (error) => log.error("job stream failed", error, { requestId: request.id }));
    },
  );

  routes.get(
    "/v1/jobs",
    {
      onRequest,
      schema: {
        tags,
        summary: "Jobs, those that changed last first",
        querystring: z.strictObject({
          state: z.enum(["ready", "leased", "done", "dead"]).optional(),
          limit: field.limit,
        }),
      },
    },
    async (request) => {
      const rows = await listJobs(db, callerOf(request), request.query);
      return { jobs: rows.map(jobView) };
    },
  );

  routes.get(
    "/v1/ingestion/status",
    { onRequest, schema: { tags, summary: "Documents and jobs of the tenant" } },
    async (request) => statusOf(callerOf(request)),
  );

  routes.get(
    "/v1/ingestion/events",
    { onRequest, schema: { tags, summary: "The same as server-sent events, until nothing is left to do" } },
    async (request, reply) => {
      const events = watchAll(callerOf(request), signalFor(reply));
      return sendEvents(reply, events, (error) => log.error("status stream failed", error, { requestId: request.id }));
    },
  );
}
