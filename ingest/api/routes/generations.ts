import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { AppError } from "#shared/errors.ts";
import { isOperator, type Principal } from "#shared/principal.ts";
import { drop, listReindexes, promote, rollBack, startReindex } from "../../reindex/reindex.ts";
import { type GenerationIndex, reindexRow } from "../../reindex/reindex-row.ts";
import * as field from "../fields.ts";
import type { RouteDeps, Routes } from "../ingest-deps.ts";
import { reindexView } from "../views.ts";

const tags = ["index"];
const params = z.object({ id: field.id });

/** Generations of the search index, which all tenants share: for the operator of the installation. */
export function mountGenerations(
  routes: Routes,
  { store, authenticate, wake }: RouteDeps,
  generations: GenerationIndex,
): void {
  const onRequest = needs(authenticate, "admin");
  const deps = { db: store.db, now: store.now, newId: store.newId, generations };
  const operator = (caller: Principal): Principal => {
    if (isOperator(caller)) return caller;
    throw new AppError("forbidden", 'The search index is looked after by administrators of the tenant "local".');
  };

  routes.get(
    "/v1/index/generations",
    { onRequest, schema: { tags, summary: "Generations of the search index, and those in the making" } },
    async (request) => {
      operator(callerOf(request));
      const rows = await listReindexes(deps);
      return { generations: await generations.generations(), reindexes: rows.map(reindexView) };
    },
  );

  routes.post(
    "/v1/index/reindexes",
    { onRequest, schema: { tags, summary: "Build a new generation beside the live one" } },
    async (request, reply) => {
      const row = await startReindex(deps, operator(callerOf(request)));
      wake();
      return reply.code(202).send(reindexView(row));
    },
  );

  routes.get(
    "/v1/index/reindexes/:id",
    { onRequest, schema: { tags, summary: "Progress and report of a new generation", params } },
    async (request) => {
      operator(callerOf(request));
      const row = await reindexRow(store.db, request.params.id);
      if (!row) throw new AppError("not_found", "There is no such generation in the making.");
      return reindexView(row);
    },
  );

  routes.post(
    "/v1/index/reindexes/:id/promote",
    {
      onRequest,
      schema: {
        tags,
        summary: "Make a finished generation live",
        params,
        body: z.strictObject({ force: z.boolean().default(false) }),
      },
    },
    async (request) => {
      const row = await promote(deps, operator(callerOf(request)), request.params.id, request.body.force);
      wake();
      return reindexView(row);
    },
  );

  routes.post(
    "/v1/index/reindexes/:id/rollback",
    { onRequest, schema: { tags, summary: "Make the generation before it live again", params } },
    async (request) => {
      const row = await rollBack(deps, operator(callerOf(request)), request.params.id);
      wake();
      return reindexView(row);
    },
  );

  routes.delete(
    "/v1/index/generations/:id",
    { onRequest, schema: { tags, summary: "Delete a generation that is not live", params } },
    async (request, reply) => {
      await drop(deps, operator(callerOf(request)), request.params.id);
      return reply.code(204).send();
    },
  );
}
