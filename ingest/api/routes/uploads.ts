import { validatorCompiler } from "fastify-type-provider-zod";
import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { AppError } from "#shared/errors.ts";
import type { Principal } from "#shared/principal.ts";
import { acceptDocuments, type NewDocument, PRIORITY } from "../../accept.ts";
import { getDocument, mayOpen } from "../../documents.ts";
import * as field from "../fields.ts";
import type { RouteDeps, Routes } from "../ingest-deps.ts";
import { readUploads, textBody, type Upload } from "../read-upload.ts";
import { documentView } from "../views.ts";

const JSON_LIMIT_BYTES = 10 * 1024 * 1024;
const DEFAULT_COLLECTION = "default";

const tags = ["documents"];
const params = z.object({ id: field.id });

/** Bodies of uploads are checked where they are read: files have none, and `url` deserves a better answer than "unknown". */
const uploadsUnchecked = (route: { readonly schema: unknown; readonly httpPart?: string }) =>
  route.httpPart === "body"
    ? (value: unknown) => ({ value })
    : validatorCompiler(route as Parameters<typeof validatorCompiler>[0]);

/** New documents and new content of known ones. A 202 means stored, not yet searchable. */
export function mountUploads(routes: Routes, { store, authenticate, wake }: RouteDeps): void {
  const onRequest = needs(authenticate, "ingest", "admin");
  const upload = { onRequest, bodyLimit: JSON_LIMIT_BYTES, validatorCompiler: uploadsUnchecked };

  async function accept(inputs: readonly NewDocument[]) {
    const accepted = await acceptDocuments(store, inputs);
    wake();
    const documents = accepted.map(({ document, versionId, jobId, unchanged }) => {
      return { document: documentView(document), version_id: versionId, job_id: jobId, unchanged };
    });
    return { status: documents.every(({ unchanged }) => unchanged) ? 200 : 202, documents };
  }

  const asNew = (principal: Principal, upload: Upload): NewDocument => ({
    ...upload,
    collection: upload.collection ?? DEFAULT_COLLECTION,
    tenant: principal.tenant,
    subject: principal.subject,
    priority: PRIORITY.upload,
    mayReplace: (existing) => mayOpen(principal, existing),
  });

  routes.post(
    "/v1/documents",
    {
      ...upload,
      schema: {
        tags,
        summary: "Add documents: files, or one text",
        consumes: ["application/json", "multipart/form-data"],
        body: textBody,
      },
    },
    async (request, reply) => {
      const principal = callerOf(request);
      const uploads = await readUploads(request);
      const { status, documents } = await accept(uploads.map((one) => asNew(principal, one)));
      return reply.code(status).send(documents.length === 1 ? documents[0] : { documents });
    },
  );

  routes.put(
    "/v1/documents/:id",
    {
      ...upload,
      schema: {
        tags,
        summary: "New content for a document",
        consumes: ["application/json", "multipart/form-data"],
        params,
        body: textBody,
      },
    },
    async (request, reply) => {
      const principal = callerOf(request);
      const { uri, collection } = await getDocument(store.db, principal, request.params.id);
      const [one, ...more] = await readUploads(request);
      if (!one || more.length > 0)
        throw new AppError("invalid_request", "Send one file: it replaces one document.", { param: "file" });
      if ((one.named && one.uri !== uri) || (one.collection !== undefined && one.collection !== collection)) {
        throw new AppError("invalid_request", "A document keeps its uri and collection. Leave both out.", {
          param: one.named ? "uri" : "collection",
        });
      }
      const { status, documents } = await accept([{ ...asNew(principal, one), uri, collection }]);
      return reply.code(status).send(documents[0]);
    },
  );
}
