import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { signalFor } from "#shared/cancel.ts";
import { placeIn } from "#shared/places.ts";
import { scopeOf } from "#shared/principal.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";
import { collections, MAX_QUESTION } from "./fields.ts";

const body = z.strictObject({
  query: z.string().trim().min(1).max(MAX_QUESTION),
  top_k: z.int().min(1).max(50).default(10),
  collections: collections.optional(),
});

/** Passages by rank. No scores and no counts: they would tell about documents that the caller may not see. */
export function mountSearch(server: Server, { authenticate, retrieve }: ApiDeps): void {
  const onRequest = needs(authenticate, "chat");
  server.post(
    "/v1/search",
    { onRequest, schema: { tags: ["search"], summary: "Passages that fit a query", body } },
    async (request, reply) => {
      const { query, top_k, collections } = request.body;
      const scope = scopeOf(callerOf(request), collections);
      const { generation, candidates } = await retrieve(query, scope, top_k, signalFor(reply));
      const results = candidates.map(({ chunk, document }, i) => ({
        rank: i + 1,
        document_id: chunk.documentId,
        version_id: chunk.versionId,
        title: document.title,
        uri: document.uri,
        heading_path: chunk.headingPath,
        ...(chunk.page !== undefined && { page: chunk.page }),
        ...(chunk.places && { place: placeIn(chunk.places, chunk.text, 0, chunk.text.length) }),
        start: chunk.start,
        end: chunk.end,
        text: chunk.text,
      }));
      return { results, generation };
    },
  );
}
