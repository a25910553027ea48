import { callerOf, needs } from "#shared/caller.ts";
import type { Server } from "#shared/server.ts";
import { VERSION } from "#shared/version.ts";
import { OUTCOMES } from "../answer/draft.ts";
import type { ApiDeps } from "../api-deps.ts";

const DAY_MS = 86_400_000;

/** `GET /v1/status`: what an operator of an installation looks at first. */
export function mountStatus(server: Server, deps: ApiDeps): void {
  const { authenticate, db, release, index, gatewayStatus, diskUsed, now } = deps;
  const startedAt = now();
  server.get(
    "/v1/status",
    {
      onRequest: needs(authenticate, "admin"),
      schema: {
        tags: ["status"],
        summary: "Processes, models, index, answers of the last day, and disk",
      },
    },
    async (request) => {
      const { tenant } = callerOf(request);
      const rows = await db.all<{ outcome: string; count: number }>(
        "select outcome, count(*) as count from answer where tenant = $1 and created_at > $2 group by outcome",
        [tenant, now() - DAY_MS],
      );
      const counted = new Map(rows.map(({ outcome, count }) => [outcome, Number(count)]));
      const [generations, gateway, disk] = await Promise.all([index.generations(), gatewayStatus(), diskUsed?.()]);
      return {
        version: VERSION,
        started_at: new Date(startedAt).toISOString(),
        release: { name: release.name, digest: `sha256:${release.digest}` },
        generations,
        answers_last_day: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, counted.get(outcome) ?? 0])),
        gateway: gateway ?? null,
        disk: disk ?? null,
      };
    },
  );
}
