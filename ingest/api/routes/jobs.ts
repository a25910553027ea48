import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { signalFor } from "#shared/cancel.ts";
import { AppError } from "#shared/errors.ts";
import { type SseEvent, sendEvents } from "#shared/sse.ts";
import * as field from "../fields.ts";
import type { RouteDeps, Routes } from "../ingest-deps.ts";
import { type JobRow, jobView } from "../views.ts";

const WATCH_LIMIT_MS = 10 * 60_000;
const WATCH_POLL_MS = 200;
const LAST_FAILURES = 10;

/** A failure that still matters: a later version, or the end of the document, has overtaken the others. */
const STANDS = `(j.kind <> 'ingest' or exists (select 1 from document_version v join document d on d.id = v.document_id
  where v.id = j.id and v.seq = d.latest_seq and d.deleted_at is null))`;

const tags = ["jobs"];
const params = z.object({ id: field.id });

export function mountJobs(routes: Routes, { store, authenticate, log }: RouteDeps): void {
  const onRequest = needs(authenticate, "ingest", "admin");
  const { db } = store;

  async function jobOf(tenant: string, id: string): Promise<JobRow> {
    const row = await db.get<JobRow>("select * from job where id = $1 and tenant = $2", [id, tenant]);
    if (!row) throw new AppError("not_found", "There is no such job.");
    return row;
  }

  /** One event per change, the last one being the end of the job. */
  async function* watch(tenant: string, id: string, signal: AbortSignal): AsyncGenerator<SseEvent, void> {
    const until = store.now() + WATCH_LIMIT_MS;
    let seen = "";
    while (!signal.aborted && store.now() < until) {
      const view = jobView(await jobOf(tenant, id));
      const state = `${view.state} ${view.step} ${view.attempts}`;
      if (state !== seen) yield { event: "job", data: view };
      seen = state;
      if (view.state === "done" || view.state === "dead") return;
      await sleep(WATCH_POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  routes.get("/v1/jobs/:id", { onRequest, schema: { tags, summary: "State of a job", params } }, async (request) =>
    jobView(await jobOf(callerOf(request).tenant, request.params.id)),
  );

  routes.get(
    "/v1/jobs/:id/events",
    {
      onRequest,
      schema: { tags, summary: "Progress of a job as server-sent events, until it is done or dead", params },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request);
      const events = watch(tenant, request.params.id, signalFor(reply));
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
      const { state, limit } = request.query;
      const rows = await db.all<JobRow>(
        "select * from job where tenant = $1 and ($2 = '' or state = $2) order by updated_at desc, id limit $3",
        [callerOf(request).tenant, state ?? "", limit],
      );
      return { jobs: rows.map(jobView) };
    },
  );

  routes.get(
    "/v1/ingestion/status",
    { onRequest, schema: { tags, summary: "Documents and jobs of the tenant" } },
    async (request) => {
      const { tenant } = callerOf(request);
      const documents = await db.get<{ total: number; searchable: number }>(
        "select count(*) as total, count(current_version) as searchable from document where tenant = $1 and deleted_at is null",
        [tenant],
      );
      const states = await db.all<{ state: string; count: number }>(
        `select j.state, count(*) as count from job j where j.tenant = $1 and (j.state <> 'dead' or ${STANDS}) group by j.state`,
        [tenant],
      );
      const failures = await db.all<JobRow>(
        `select j.* from job j where j.tenant = $1 and j.state = 'dead' and ${STANDS} order by j.finished_at desc, j.id limit $2`,
        [tenant, LAST_FAILURES],
      );
      const jobs = Object.fromEntries(states.map(({ state, count }) => [state, Number(count)]));
      return {
        documents: { total: Number(documents?.total ?? 0), searchable: Number(documents?.searchable ?? 0) },
        jobs: { ready: 0, leased: 0, done: 0, dead: 0, ...jobs },
        last_failures: failures.map(jobView),
      };
    },
  );
}
