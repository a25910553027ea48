import { resolve } from "node:path";
import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { signalFor } from "#shared/cancel.ts";
import { AppError } from "#shared/errors.ts";
import { syncFolder } from "../../sources/folder.ts";
import { listSources, openFolderSource, sourceById } from "../../sources/sources.ts";
import * as field from "../fields.ts";
import type { RouteDeps, Routes } from "../ingest-deps.ts";
import { sourceView } from "../views.ts";

const tags = ["sources"];

/** Folders of this machine as sources. For administrators, and only where the server reads folders at all. */
export function mountSources(routes: Routes, { store, authenticate, allowFolder, wake }: RouteDeps): void {
  const onRequest = needs(authenticate, "admin");
  const syncing = new Set<string>();

  const mayReadFolder = (): void => {
    if (allowFolder) return;
    throw new AppError("forbidden", "This server does not read folders of its own machine. Upload the files instead.", {
      param: "location",
    });
  };

  routes.post(
    "/v1/sources",
    {
      onRequest,
      schema: {
        tags,
        summary: "Register a folder; sync it to take its documents in",
        body: z.strictObject({
          kind: z.literal("folder"),
          location: z.string().min(1).max(4096),
          collection: field.collection.default("default"),
          acl: field.acl.default(["tenant"]),
        }),
      },
    },
    async (request, reply) => {
      const { tenant, subject } = callerOf(request);
      const { collection, acl } = request.body;
      const location = resolve(request.body.location);
      mayReadFolder();
      return reply
        .code(201)
        .send(sourceView(await openFolderSource(store, { tenant, subject, location, collection, acl })));
    },
  );

  routes.get("/v1/sources", { onRequest, schema: { tags, summary: "Sources of the tenant" } }, async (request) => ({
    sources: (await listSources(store.db, callerOf(request).tenant)).map(sourceView),
  }));

  routes.post(
    "/v1/sources/:id/sync",
    { onRequest, schema: { tags, summary: "Take in what changed in a source", params: z.object({ id: field.id }) } },
    async (request, reply) => {
      const source = await sourceById(store.db, callerOf(request).tenant, request.params.id);
      mayReadFolder();
      if (syncing.has(source.id))
        throw new AppError("conflict", "This source is being synced already. Try again later.");
      syncing.add(source.id);
      try {
        return await syncFolder(store, source, wake, signalFor(reply));
      } finally {
        syncing.delete(source.id);
      }
    },
  );
}
