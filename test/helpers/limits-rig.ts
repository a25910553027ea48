import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseQuota } from "../../services/gateway/limits/database-quota.ts";
import { createLimiter, type Limiter, type Permit } from "../../services/gateway/limits/limits.ts";
import type { Quota } from "../../services/gateway/limits/quota.ts";
import type { Limits, LimitTable } from "../../services/gateway/routing/route-table.ts";
import type { Database } from "../../services/shared/database.ts";
import { AppError } from "../../services/shared/errors.ts";
import { migrate } from "../../services/shared/migrations.ts";
import { openSqliteDatabase } from "../../services/shared/sqlite-database.ts";

export const ACME = { tenant: "acme", keyId: undefined };
/** A minute before noon, UTC. */
export const START = Date.UTC(2026, 0, 2, 11, 59);

export const tableOf = (limits: Limits, more: Partial<LimitTable> = {}): LimitTable => ({
  default: limits,
  tenants: new Map(),
  keys: new Map(),
  ...more,
});

export type Replica = Limiter & { tick(): Promise<void> };

/** Time that tests turn on by hand, for the wall and the monotonic clock alike. */
export function limitsRig() {
  let at = START;
  const ticks = new Set<() => void>();
  const start = (table: LimitTable, quota: Quota | undefined): Replica => {
    const clock = { now: () => at - START };
    const now = () => at;
    let work = (): void => {};
    const limiter = createLimiter(table, {
      quota,
      now,
      clock,
      repeat: (tick) => {
        work = tick;
        ticks.add(tick);
        return () => ticks.delete(tick);
      },
    });
    const tick = async (): Promise<void> => {
      work();
      await soon();
    };
    return { ...limiter, tick };
  };
  return {
    start,
    now: () => at,
    pass(ms: number): void {
      at += ms;
    },
    /** Lets seconds pass one by one, as every replica's timer would see them. */
    async live(seconds: number): Promise<void> {
      for (let i = 0; i < seconds; i++) {
        at += 1000;
        for (const tick of ticks) tick();
        await soon();
      }
    },
  };
}

/** A database of its own in which replicas share their limits. */
export async function sharedDatabase(): Promise<{ db: Database; quota: Quota; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "cairn-limits-"));
  const db = openSqliteDatabase(join(folder, "state.db"));
  // The tests are about counting: a commit need not reach the disk.
  await db.run("pragma synchronous = off");
  await migrate(db);
  return {
    db,
    quota: databaseQuota(db),
    close: async () => {
      await db.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Long enough for what was asked of the database in the background. */
export const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3));

export type Outcome = Permit | AppError;

/** The permit, or the refusal. */
export async function outcomeOf(
  replica: Limiter,
  tokens = 0,
  caller: Parameters<Limiter["admit"]>[0] = ACME,
): Promise<Outcome> {
  try {
    return await replica.admit(caller, tokens);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** How many of `count` requests in a row get in. */
export async function admitted(replica: Limiter, count: number, tokens = 0): Promise<number> {
  let granted = 0;
  for (let i = 0; i < count; i++) if (!((await outcomeOf(replica, tokens)) instanceof AppError)) granted += 1;
  return granted;
}
