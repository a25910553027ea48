import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { signalFor } from "#shared/cancel.ts";
import { AppError } from "#shared/errors.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";
import { MODES, replay } from "../replay/replay.ts";

/** Past answers made again, for auditors. */
export function mountReplay(
  server: Server,
  { db, index, openDense, release, authenticate, answerDeps, metrics, now }: ApiDeps,
): void {
  const { generate, checkParts } = answerDeps;
  const deps = { db, index, openDense, release, generate, checkParts, metrics, now, newId: () => crypto.randomUUID() };
  server.post(
    "/v1/answers/:id/replay",
    {
      onRequest: needs(authenticate, "audit"),
      schema: {
        tags: ["answers"],
        summary: "Make an answer again, and see what differs",
        params: z.object({ id: z.uuid() }),
        body: z.strictObject({
          mode: z.enum(MODES).default("generation"),
          release: z.string().max(80).optional(),
        }),
      },
    },
    async (request, reply) => {
      const { mode, release: named } = request.body;
      if (named !== undefined && mode !== "what-if") {
        const message = 'release: only the mode "what-if" takes another release.';
        throw new AppError("invalid_request", message, { param: "release" });
      }
      return replay(deps, callerOf(request), request.params.id, request.body, signalFor(reply));
    },
  );
}
