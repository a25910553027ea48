import { needs } from "#shared/caller.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";

/** `GET /v1/release`: what answers are made with now, without the text of the prompts. */
export function mountRelease(server: Server, { authenticate, release }: ApiDeps): void {
  const { name, digest, promptDigest, models, retrieval, thresholds, generation, examples } = release;
  server.get(
    "/v1/release",
    {
      onRequest: needs(authenticate, "chat"),
      schema: { tags: ["release"], summary: "The release that answers are made with, and example questions" },
    },
    async () => ({
      name,
      digest: `sha256:${digest}`,
      prompts: { answer: `sha256:${promptDigest}` },
      models,
      retrieval,
      thresholds,
      generation,
      examples,
    }),
  );
}
