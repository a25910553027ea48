import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { publishedKeys } from "#shared/lineage/published-keys.ts";
import { verifyBundle } from "#shared/lineage/verify-bundle.ts";
import type { Server } from "#shared/server.ts";
import { pastAnswer } from "../answer/past-answer.ts";
import type { ApiDeps } from "../api-deps.ts";
import { firstCheckpoint, loadBundle } from "../lineage/load-bundle.ts";
import { provOf } from "../lineage/prov.ts";
import { checkReplayed } from "../replay/last-replay.ts";

const params = z.object({ id: z.uuid() });
const tags = ["answers"];
const FEEDBACK_REASONS = ["wrong", "incomplete", "wrong_source", "outdated", "not_found", "other"] as const;

/** Past answers and their lineage. */
export function mountAnswers(server: Server, { db, authenticate, now }: ApiDeps): void {
  const onRequest = needs(authenticate, "chat", "audit");

  server.get("/v1/answers/:id", { onRequest, schema: { tags, summary: "A past answer", params } }, (request) =>
    pastAnswer(db, callerOf(request), request.params.id),
  );

  server.get(
    "/v1/answers/:id/lineage",
    { onRequest, schema: { tags, summary: "An answer's public lineage tag", params } },
    async (request) => (await pastAnswer(db, callerOf(request), request.params.id)).lineage,
  );

  server.get(
    "/v1/answers/:id/prov",
    { onRequest, schema: { tags, summary: "An answer's origin as W3C PROV, in PROV-JSONLD", params } },
    async (request, reply) => {
      const provenance = provOf(await pastAnswer(db, callerOf(request), request.params.id));
      return reply.type("application/ld+json").send(JSON.stringify(provenance));
    },
  );

  server.get(
    "/v1/answers/:id/record",
    {
      onRequest: needs(authenticate, "audit"),
      schema: { tags, summary: "An answer's record with all that is needed to verify it offline", params },
    },
    (request) => loadBundle(db, callerOf(request), request.params.id),
  );

  server.post(
    "/v1/answers/:id/verify",
    { onRequest, schema: { tags, summary: "Check an answer's record, signature, tag and place in the log", params } },
    async (request) => {
      const caller = callerOf(request);
      const bundle = await loadBundle(db, caller, request.params.id);
      const keys = await publishedKeys(db);
      const known = { keys, ...(await firstCheckpoint(db, caller.tenant, bundle, keys)) };
      const { ok, level, checks } = verifyBundle(JSON.stringify(bundle), known);
      const replayed = await checkReplayed(db, caller.tenant, request.params.id);
      const reached = level === "L3" && replayed.result === "ok" ? ("L4" as const) : level;
      return { id: request.params.id, ok, level: reached, checks: [...checks, replayed] };
    },
  );

  server.post(
    "/v1/answers/:id/feedback",
    {
      onRequest: needs(authenticate, "chat"),
      schema: {
        tags,
        summary: "Say whether an answer helped",
        params,
        body: z.strictObject({
          rating: z.enum(["up", "down"]),
          reason: z.enum(FEEDBACK_REASONS).optional(),
          comment: z.string().max(2000).optional(),
        }),
      },
    },
    async (request, reply) => {
      const principal = callerOf(request);
      await pastAnswer(db, principal, request.params.id);
      const { rating, reason, comment } = request.body;
      await db.run(
        `insert into feedback (answer_id, tenant, subject, rating, reason, comment, at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (answer_id, subject) do update set rating = $4, reason = $5, comment = $6, at = $7`,
        [request.params.id, principal.tenant, principal.subject, rating, reason ?? null, comment ?? null, now()],
      );
      return reply.code(204).send();
    },
  );
}
