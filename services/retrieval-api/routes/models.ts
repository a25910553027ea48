import { needs } from "#shared/caller.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";

/** What clients name as `model`: the application, whose release decides which language model answers. */
export const MODEL = "cairn";

const CREATED_SECONDS = 1_767_225_600;

export function mountModels(server: Server, { authenticate }: ApiDeps): void {
  const model = { id: MODEL, object: "model", created: CREATED_SECONDS, owned_by: "cairn" };
  server.get(
    "/v1/models",
    { onRequest: needs(authenticate, "chat"), schema: { tags: ["chat"], summary: "The model to name in a chat" } },
    async () => ({ object: "list", data: [model] }),
  );
}
