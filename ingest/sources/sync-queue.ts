import type { Database } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { nextRun } from "./schedule.ts";
import type { Source } from "./sources.ts";
import type { SyncReport } from "./sync-report.ts";

/** What whoever syncs listens for: `Database.hear`. */
export const SYNCS_CHANNEL = "cairn_sync";
const LEASE_MS = 60_000;
/** A sync that has cost so many processes is not begun again by itself. */
const MAX_LEASES = 3;

/** How a sync was asked for. */
export type Asked = { readonly subject: string; readonly dryRun: boolean; readonly allowRemovals: boolean };
export type Leased = Source & { readonly lease_token: string; readonly asked: Asked };

/** Asks for a sync. One that waits already is replaced. Rejects with `conflict` while one is at work. */
export async function askForSync(db: Database, source: Source, asked: Asked, now: number): Promise<void> {
  await db.transaction(async (sql) => {
    const changed = await sql.run(
      `update source set sync_state = 'queued', sync_asked = $1, asked_at = $2, leases = 0, progress = null
       where id = $3 and sync_state <> 'running'`,
      [JSON.stringify(asked), now, source.id],
    );
    if (changed === 0)
      throw new AppError("conflict", "This source is being synced already. Ask again when that has ended.");
    await sql.notify(SYNCS_CHANNEL);
  });
}

/** The syncs that were asked for, are due, or lost their process: one process does each, and goes on where it is known how. */
export function createSyncQueue(db: Database, now: () => number, newId: () => string) {
  type Row = Source & { readonly sync_asked: string | null; readonly leases: number };

  async function end(source: Leased, set: string, values: readonly (string | number | null)[]): Promise<boolean> {
    const changed = await db.run(
      `update source set sync_state = 'idle', lease_until = null, lease_token = null, progress = null, sync_asked = null,
         asked_at = null, leases = 0, attempted_at = $1, ${set} where id = $2 and lease_token = $3`,
      [now(), source.id, source.lease_token, ...values],
    );
    return changed === 1;
  }

  return {
    /** Takes the sync that has waited longest. */
    async lease(): Promise<Leased | undefined> {
      const at = now();
      const token = newId();
      const row = await db.get<Row>(
        `update source set sync_state = 'running', lease_until = $1, lease_token = $2, leases = leases + 1
         where id = (select id from source where sync_state = 'queued' or (sync_state = 'idle' and next_at <= $3)
             or (sync_state = 'running' and lease_until <= $3)
           order by coalesce(asked_at, next_at), id limit 1 for update skip locked)
         returning *`,
        [at + LEASE_MS, token, at],
      );
      if (!row) return undefined;
      const asked: Asked = row.sync_asked
        ? (JSON.parse(row.sync_asked) as Asked)
        : { subject: row.created_by, dryRun: false, allowRemovals: false };
      const leased = { ...row, lease_token: token, asked };
      // A due time that passed while nothing ran is made up for once, not for every time. A dry run makes up for none.
      if (row.next_at !== null && row.next_at <= at && !asked.dryRun) {
        const next = nextOf(row, at);
        await db.run("update source set next_at = $1 where id = $2", [typeof next === "number" ? next : null, row.id]);
        if (typeof next !== "number") {
          await this.fail(leased, next.code, `${next.message} Add the source again with another schedule.`);
          return undefined;
        }
      }
      if (row.leases <= MAX_LEASES) return leased;
      await this.fail(
        leased,
        "internal",
        `The process stopped each of the ${MAX_LEASES} times that it began. See its log.`,
      );
      return undefined;
    },
    /** Resolves to false when the lease was lost: another process is at it. */
    async renew(source: Leased, progress: object): Promise<boolean> {
      const changed = await db.run(
        "update source set lease_until = $1, progress = $2 where id = $3 and lease_token = $4",
        [now() + LEASE_MS, JSON.stringify(progress), source.id, source.lease_token],
      );
      return changed === 1;
    },
    complete: (source: Leased, report: SyncReport): Promise<boolean> => {
      const { dryRun } = source.asked;
      const told = JSON.stringify({ ...report, dry_run: dryRun });
      // What a dry run finds is no trouble, and ends none.
      if (dryRun) return end(source, "report = $4", [told]);
      const held = report.held === undefined ? null : heldSentence(report.held);
      return end(source, "report = $4, problem = $5, problem_code = $6", [told, held, held && "removals_held"]);
    },
    fail: (source: Leased, code: string, reason: string): Promise<boolean> =>
      end(source, "report = null, problem = $4, problem_code = $5", [reason, code]),
    /** Another process may go on with it at once. */
    giveBack: async (source: Leased): Promise<void> => {
      await db.run(
        `update source set sync_state = 'queued', sync_asked = $1, asked_at = coalesce(asked_at, $2), lease_until = null, lease_token = null,
           leases = leases - 1 where id = $3 and lease_token = $4`,
        [JSON.stringify(source.asked), now(), source.id, source.lease_token],
      );
    },
  };
}

/** A schedule that could be read once may name a time zone that this machine does not know. */
function nextOf({ schedule, timezone }: Source, at: number): number | AppError {
  try {
    return nextRun(schedule!, timezone!, at);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

const heldSentence = (count: number): string =>
  `${count} documents are not in the source any more. That is so many that nothing was deleted. Look whether the source is whole; to delete them, sync with allow_removals (./cairn source sync ID --allow-removals).`;
