import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { erasureView } from "../../erase/erasure.ts";
import { erasureOf, listErasures, requestErasure } from "../../erase/request-erasure.ts";
import * as field from "../fields.ts";
import type { RouteDeps, Routes } from "../ingest-deps.ts";

const tags = ["recall"];

/** The end of a document and of every word of it. */
export function mountErasures(routes: Routes, { store, authenticate, wake }: RouteDeps): void {
  const read = needs(authenticate, "audit");

  routes.post(
    "/v1/erasures",
    {
      onRequest: needs(authenticate, "admin"),
      schema: {
        tags,
        summary: "Erase a document: hidden at once, then removed with every quotation of it",
        body: z.strictObject({
          document: field.id,
          reason: z.string().trim().min(3, "says why, in a few words").max(1000),
        }),
      },
    },
    async (request, reply) => {
      const { document, reason } = request.body;
      const { erasure, isNew } = await requestErasure(store, callerOf(request), document, reason);
      wake();
      return reply.code(isNew ? 202 : 200).send(erasureView(erasure));
    },
  );

  routes.get(
    "/v1/erasures",
    {
      onRequest: read,
      schema: { tags, summary: "Erasures, newest first", querystring: z.strictObject({ limit: field.limit }) },
    },
    async (request) => ({
      erasures: (await listErasures(store.db, callerOf(request), request.query.limit)).map(erasureView),
    }),
  );

  routes.get(
    "/v1/erasures/:id",
    {
      onRequest: read,
      schema: { tags, summary: "An erasure and, once it is done, its receipt", params: z.object({ id: field.id }) },
    },
    async (request) => erasureView(await erasureOf(store.db, callerOf(request), request.params.id)),
  );
}
