import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { codePointLength, sliceCodePoints } from "#shared/codepoints.ts";
import { AppError } from "#shared/errors.ts";
import { originalOf, textOf } from "../../document-row.ts";
import {
  DOCUMENT_STATES,
  deleteDocument,
  getDocument,
  listDocuments,
  patchDocument,
  readVersion,
  versionsOf,
} from "../../documents.ts";
import * as field from "../fields.ts";
import type { RouteDeps, Routes } from "../ingest-deps.ts";
import { documentView, versionView } from "../views.ts";

const MAX_TEXT_CODE_POINTS = 20_000;

const tags = ["documents"];
const params = z.object({ id: field.id });

/** What is known of documents, their texts, and changes that need no new content. */
export function mountDocuments(routes: Routes, { store, replica, authenticate, wake }: RouteDeps): void {
  const write = needs(authenticate, "ingest", "admin");
  const read = needs(authenticate, "ingest", "chat", "admin");

  routes.get(
    "/v1/documents",
    {
      onRequest: read,
      schema: {
        tags,
        summary: "Documents you may see, newest first",
        querystring: z.strictObject({
          limit: field.limit,
          cursor: z.string().max(200).optional(),
          collection: field.collection.optional(),
          query: z.string().trim().max(200).optional(),
          state: z.enum(DOCUMENT_STATES).optional(),
        }),
      },
    },
    async (request) => {
      const { documents, next } = await listDocuments(store.db, callerOf(request), request.query, replica);
      return { documents: documents.map(documentView), next_cursor: next ?? null };
    },
  );

  routes.get(
    "/v1/documents/:id",
    { onRequest: read, schema: { tags, summary: "One document and its versions", params } },
    async (request) => {
      const row = await getDocument(store.db, callerOf(request), request.params.id);
      return { ...documentView(row), versions: (await versionsOf(store.db, row.id)).map(versionView) };
    },
  );

  routes.patch(
    "/v1/documents/:id",
    {
      onRequest: write,
      schema: {
        tags,
        summary: "Change title or ACL, effective at once",
        params,
        body: z
          .strictObject({ title: field.title.optional(), acl: field.acl.optional() })
          .refine((body) => body.title !== undefined || body.acl !== undefined, 'Send "title", "acl" or both.'),
      },
    },
    async (request) => documentView(await patchDocument(store, callerOf(request), request.params.id, request.body)),
  );

  routes.delete(
    "/v1/documents/:id",
    {
      onRequest: write,
      schema: { tags, summary: "Delete a document: hidden at once, its content removed by a job", params },
    },
    async (request, reply) => {
      const { jobId } = await deleteDocument(store, callerOf(request), request.params.id);
      wake();
      return reply.code(202).send({ id: request.params.id, deleted: true, job_id: jobId });
    },
  );

  routes.get(
    "/v1/documents/:id/versions/:version/text",
    {
      onRequest: read,
      schema: {
        tags,
        summary: "The normalised text that citations point into, in Unicode code points",
        params: z.object({ id: field.id, version: field.id }),
        querystring: z.strictObject({
          start: z.coerce.number().int().min(0).default(0),
          end: z.coerce.number().int().min(0).optional(),
        }),
      },
    },
    async (request) => {
      const row = await getDocument(store.db, callerOf(request), request.params.id);
      const { start, end: asked } = request.query;
      const end = asked ?? start + MAX_TEXT_CODE_POINTS;
      if (end < start) throw new AppError("invalid_request", "end: must not be before start.", { param: "end" });
      if (end - start > MAX_TEXT_CODE_POINTS) {
        throw new AppError("invalid_request", `end: ask for at most ${MAX_TEXT_CODE_POINTS} code points at a time.`, {
          param: "end",
        });
      }
      const version = await readVersion(store.db, row.id, request.params.version);
      const text = new TextDecoder().decode(await store.blobs.get(textOf(row.tenant, version.id)));
      const total = codePointLength(text);
      const slice = sliceCodePoints(text, start, end);
      return {
        document_id: row.id,
        version_id: version.id,
        start: Math.min(start, total),
        end: Math.min(end, total),
        code_points: total,
        text: slice,
      };
    },
  );

  routes.get(
    "/v1/documents/:id/versions/:version/original",
    {
      onRequest: read,
      schema: {
        tags,
        summary: "The bytes of a version as they were sent",
        params: z.object({ id: field.id, version: field.id }),
      },
    },
    async (request, reply) => {
      const row = await getDocument(store.db, callerOf(request), request.params.id);
      const version = await readVersion(store.db, row.id, request.params.version);
      const bytes = await store.blobs.get(originalOf(row.tenant, version.id));
      // Somebody else's bytes: whatever they are, a browser saves them and runs nothing of them.
      return reply
        .header("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(version.file_name)}`)
        .header("content-security-policy", "default-src 'none'; sandbox")
        .header("cache-control", "private, no-store")
        .type("application/octet-stream")
        .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    },
  );
}
