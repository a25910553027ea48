import type { FastifyInstance } from "fastify";
import type { Sql } from "./database.ts";
import type { Metrics } from "./telemetry.ts";

/** A named check of something this process needs. It rejects when that is not usable. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** The database answers. */
export const databaseCheck = (db: Pick<Sql, "get">) => async (): Promise<void> =>
  void (await db.get("select 1 as one"));

/** What every process tells its operator. */
export type Health = { readonly checks: Checks; readonly draining: () => boolean };

const CHECK_TIMEOUT_MS = 2000;

/** `/livez` never looks at dependencies: restarting a pod does not repair a database. */
export function mountProbes(app: FastifyInstance, health: Health, metrics: Metrics): void {
  app.get("/livez", { schema: { hide: true } }, async () => ({ status: "ok" }));
  app.get("/readyz", { schema: { hide: true } }, async (_request, reply) => {
    const checks = Object.fromEntries(
      await Promise.all(Object.entries(health.checks).map(async ([name, check]) => [name, await outcomeOf(check)])),
    );
    const ready = !health.draining() && Object.values(checks).every((outcome) => outcome === "ok");
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? "ok" : health.draining() ? "draining" : "failing", checks });
  });
  app.get("/metrics", { schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}

async function outcomeOf(check: () => Promise<void>): Promise<"ok" | "failed" | "timed out"> {
  const late = Promise.withResolvers<"timed out">();
  const timer = setTimeout(() => late.resolve("timed out"), CHECK_TIMEOUT_MS);
  const result = check().then(
    () => "ok" as const,
    () => "failed" as const,
  );
  return Promise.race([result, late.promise]).finally(() => clearTimeout(timer));
}
