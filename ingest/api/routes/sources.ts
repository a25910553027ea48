import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { AppError } from "#shared/errors.ts";
import { checkReach, placeOf } from "../../sources/reach.ts";
import { listSources, openSource, removeSource, SOURCE_KINDS, sourceById } from "../../sources/sources.ts";
import { askForSync } from "../../sources/sync-queue.ts";
import { webSettings } from "../../sources/web/web-settings.ts";
import * as field from "../fields.ts";
import type { RouteDeps, Routes } from "../ingest-deps.ts";
import { sourceView } from "../views.ts";

const tags = ["sources"];
const params = z.object({ id: field.id });

const newSource = z.strictObject({
  kind: z.enum(SOURCE_KINDS),
  location: z.string().min(1).max(4096),
  collection: field.collection.default("default"),
  acl: field.acl.default(["tenant"]),
  schedule: z.string().min(1).max(100).optional().describe("Five cron fields. Without it, only a request syncs."),
  web: webSettings.optional().describe("How much of a site is read; of kind web only."),
  timezone: z.string().min(1).max(64).optional().describe("Of the schedule, such as Europe/Berlin. UTC without it."),
});
const newSync = z.strictObject({
  dry_run: z.boolean().default(false).describe("Find out what would be done, and do none of it."),
  allow_removals: z.boolean().default(false).describe("Delete what is gone, however much it is."),
});

/** Places that documents come from. For administrators, and only what the operator lets sources reach. */
export function mountSources(routes: Routes, { store, authenticate, reach, wake }: RouteDeps): void {
  const onRequest = needs(authenticate, "admin");

  routes.post(
    "/v1/sources",
    { onRequest, schema: { tags, summary: "Add a source; sync it to take its documents in", body: newSource } },
    async (request, reply) => {
      const { tenant, subject } = callerOf(request);
      const { kind, web, ...rest } = request.body;
      if (web && kind !== "web")
        throw new AppError("invalid_request", "web: belongs to sources of the kind web.", { param: "web" });
      const settings = kind === "web" ? (web ?? webSettings.parse({})) : {};
      if (rest.timezone !== undefined && rest.schedule === undefined)
        throw new AppError("invalid_request", "timezone: belongs to a schedule.", { param: "timezone" });
      const location = placeOf(kind, rest.location);
      await checkReach(reach, kind, location);
      const source = await openSource(store, { tenant, subject, kind, ...rest, location, settings });
      return reply.code(201).send(sourceView(source));
    },
  );

  routes.get("/v1/sources", { onRequest, schema: { tags, summary: "Sources of the tenant" } }, async (request) => ({
    sources: (await listSources(store.db, callerOf(request).tenant)).map(sourceView),
  }));

  routes.get(
    "/v1/sources/:id",
    { onRequest, schema: { tags, summary: "A source, and how its sync is going", params } },
    async (request) => sourceView(await sourceById(store.db, callerOf(request).tenant, request.params.id)),
  );

  routes.delete(
    "/v1/sources/:id",
    {
      onRequest,
      schema: {
        tags,
        summary: "End a source; its documents stay unless documents=delete",
        params,
        querystring: z.strictObject({ documents: z.enum(["keep", "delete"]).default("keep") }),
      },
    },
    async (request) => {
      const removed = await removeSource(store, callerOf(request), request.params.id, request.query.documents);
      wake();
      return { id: request.params.id, documents_removed: removed };
    },
  );

  routes.post(
    "/v1/sources/:id/sync",
    {
      onRequest,
      schema: { tags, summary: "Take in what changed in a source", params, body: newSync.nullish() },
    },
    async (request, reply) => {
      const { tenant, subject } = callerOf(request);
      const source = await sourceById(store.db, tenant, request.params.id);
      await checkReach(reach, source.kind, source.location);
      const { dry_run: dryRun = false, allow_removals: allowRemovals = false } = request.body ?? {};
      await askForSync(store.db, source, { subject, dryRun, allowRemovals }, store.now());
      return reply.code(202).send(sourceView(await sourceById(store.db, tenant, source.id)));
    },
  );
}
