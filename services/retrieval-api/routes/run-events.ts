import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { postRun } from "#shared/openlineage.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";

type Row = { id: string; body: string; state: string; problem: string | null; at: number };

const tags = ["lineage"];

/** Runs as OpenLineage tells of them: to be read here, and sent where a receiver is configured. */
export function mountRunEvents(server: Server, { db, authenticate, now }: ApiDeps): void {
  server.get(
    "/v1/openlineage/events",
    {
      onRequest: needs(authenticate, "audit"),
      schema: {
        tags,
        summary: "OpenLineage events of ingest, reindex, evaluation and erasure runs, oldest first",
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          cursor: z
            .string()
            .regex(/^\d{1,16}:[\w-]{1,64}$/, "is not one that this API gave out")
            .optional(),
        }),
      },
    },
    async (request) => {
      const { limit, cursor = "0:" } = request.query;
      const [at, id] = [Number(cursor.split(":")[0]), cursor.split(":")[1] ?? ""];
      const rows = await db.all<Row>(
        `select id, body, state, problem, at from outbox where tenant = $1 and topic = 'openlineage'
           and (at > $2 or (at = $2 and id > $3)) order by at, id limit $4`,
        [callerOf(request).tenant, at, id, limit],
      );
      const last = rows.at(-1);
      return {
        events: rows.map(({ body }) => JSON.parse(body) as object),
        delivery: rows.map(({ state, problem }) => ({ state, problem })),
        next_cursor: last && rows.length === limit ? `${last.at}:${last.id}` : null,
      };
    },
  );

  server.post(
    "/v1/openlineage/runs",
    {
      onRequest: needs(authenticate, "admin"),
      schema: {
        tags,
        summary: "Tell of an evaluation run, which happens outside of this service",
        body: z.strictObject({
          run_id: z.uuid(),
          type: z.enum(["START", "COMPLETE", "FAIL", "ABORT"]),
          /** What was evaluated with, such as a suite. */
          inputs: z.array(z.string().min(1).max(200)).max(100).default([]),
        }),
      },
    },
    async (request, reply) => {
      const { run_id: runId, type, inputs } = request.body;
      const { tenant } = callerOf(request);
      const names = inputs.map((name) => ({ name: `suite/${name}` }));
      await postRun(db, { id: crypto.randomUUID(), type, runId, tenant, job: "evaluate", inputs: names, at: now() });
      return reply.code(204).send();
    },
  );
}
