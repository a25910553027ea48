import { z } from "zod";
import { needs } from "#shared/caller.ts";
import { AppError } from "#shared/errors.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";

/** What clients name as `model`: the application, whose release decides which language model answers. */
export const MODEL = "cairn";

const CREATED_SECONDS = 1_767_225_600;

/** `model_not_found`, with the name to use instead. */
export const noSuchModel = (name: string): AppError =>
  new AppError("model_not_found", `There is no model "${name.slice(0, 100)}". Use "${MODEL}".`, { param: "model" });

/** `GET /v1/models`: the one model that clients name. */
export function mountModels(server: Server, { authenticate }: ApiDeps): void {
  const model = { id: MODEL, object: "model", created: CREATED_SECONDS, owned_by: "cairn" };
  const onRequest = needs(authenticate, "chat");
  server.get(
    "/v1/models",
    { onRequest, schema: { tags: ["chat"], summary: "The model to name in a chat" } },
    async () => ({
      object: "list",
      data: [model],
    }),
  );
  server.get(
    "/v1/models/:id",
    { onRequest, schema: { tags: ["chat"], summary: "One model", params: z.object({ id: z.string() }) } },
    async (request) => {
      if (request.params.id !== MODEL) throw noSuchModel(request.params.id);
      return model;
    },
  );
}
