import type { Registry } from "prom-client";
import type { Sql } from "#shared/database.ts";
import { readGauge } from "#shared/read-gauge.ts";

type Figures = { readonly count: number | string; readonly oldest: number | string | null };

/**
 * Gauges of the job queue, for autoscaling and alerts. Told by the ingestion API, which also runs while no worker
 * does; all of its replicas tell of one queue, so take the maximum of them, not the sum.
 */
export function watchQueue(db: Pick<Sql, "get">, registry: Registry, now: () => number = Date.now): void {
  const figures = async (): Promise<{ count: number; seconds: number }> => {
    const at = now();
    const row = await db.get<Figures>(
      "select count(*) as count, min(run_at) as oldest from job where state = 'ready' and run_at <= $1",
      [at],
    );
    const oldest = row?.oldest ?? at;
    return { count: Number(row?.count ?? 0), seconds: Math.max(0, at - Number(oldest)) / 1000 };
  };
  readGauge(registry, "cairn_jobs_ready", "Jobs that are due and wait for a worker.", async () => {
    return (await figures()).count;
  });
  readGauge(
    registry,
    "cairn_jobs_oldest_ready_seconds",
    "How long the oldest job that is due has waited.",
    async () => {
      return (await figures()).seconds;
    },
  );
  readGauge(registry, "cairn_jobs_dead", "Jobs that were given up; their documents say why.", async () => {
    const row = await db.get<{ count: number | string }>("select count(*) as count from job where state = 'dead'");
    return Number(row?.count ?? 0);
  });
}
