import { audit } from "#shared/audit.ts";
import type { Database, Sql } from "#shared/database.ts";
import { digestOfJson } from "#shared/digest.ts";
import { AppError } from "#shared/errors.ts";
import { appendLeaf } from "#shared/lineage/append-leaf.ts";
import { EVERY_TENANT } from "#shared/not-withdrawn.ts";
import { post } from "#shared/outbox.ts";
import { isOperator, type Principal } from "#shared/principal.ts";
import { type Kind, SHARED_KINDS, type Withdrawal, withdrawalView } from "./withdrawal.ts";

export type RecallDeps = {
  readonly db: Database;
  readonly now: () => number;
  readonly newId: () => string;
};

export type NewWithdrawal = {
  readonly kind: Kind;
  readonly target: string;
  readonly reason: string;
  /** For every tenant of the installation, which is the operator's to say. */
  readonly everywhere: boolean;
};

/**
 * Takes a thing back: from the moment this resolves no question that starts uses it. Withdrawing it again changes
 * nothing and gives the withdrawal that stands. Rejects with `not_found` for a document, version or run that is not the
 * tenant's, and with `forbidden` for an installation that is not the caller's.
 */
export async function withdraw(
  { db, now, newId }: RecallDeps,
  principal: Principal,
  { kind, target, reason, everywhere }: NewWithdrawal,
): Promise<{ withdrawal: Withdrawal; isNew: boolean }> {
  const tenant = tenantOf(principal, kind, everywhere);
  return db.transaction(async (sql) => {
    await checkTarget(sql, principal.tenant, kind, target);
    const standing = await sql.get<Withdrawal>(
      "select * from withdrawal where tenant = $1 and kind = $2 and target = $3 and lifted_at is null",
      [tenant, kind, target],
    );
    if (standing) return { withdrawal: standing, isNew: false };
    const [id, at] = [newId(), now()];
    await sql.run(
      "insert into withdrawal (id, tenant, kind, target, reason, created_by, at) values ($1, $2, $3, $4, $5, $6, $7)",
      [id, tenant, kind, target, reason, principal.subject, at],
    );
    const event = { type: "withdrawal", id, tenant, kind, target, reason, by: principal.subject, at };
    await log(sql, principal, event);
    await audit({ now, newId }, sql, principal, "withdrawal.create", id);
    const withdrawal = await withdrawalOf(sql, principal, id);
    await tell(sql, newId(), "withdrawal.created", withdrawal, at);
    return { withdrawal, isNew: true };
  });
}

/** Puts a withdrawn thing back into use. A withdrawal that has been lifted stays as it is. */
export async function lift(
  { db, now, newId }: RecallDeps,
  principal: Principal,
  id: string,
  reason: string,
): Promise<Withdrawal> {
  return db.transaction(async (sql) => {
    const standing = await withdrawalOf(sql, principal, id);
    if (standing.tenant === EVERY_TENANT && !isOperator(principal)) throw notOperator();
    if (standing.lifted_at !== null) return standing;
    const at = now();
    await sql.run("update withdrawal set lifted_at = $1, lifted_by = $2, lift_reason = $3 where id = $4", [
      at,
      principal.subject,
      reason,
      id,
    ]);
    await log(sql, principal, { type: "lift", id: newId(), withdrawal: id, reason, by: principal.subject, at });
    await audit({ now, newId }, sql, principal, "withdrawal.lift", id);
    const lifted = await withdrawalOf(sql, principal, id);
    await tell(sql, newId(), "withdrawal.lifted", lifted, at);
    return lifted;
  });
}

/** Rejects with `not_found` alike for what is absent and what is another tenant's. */
export async function withdrawalOf(sql: Sql, { tenant }: Principal, id: string): Promise<Withdrawal> {
  const row = await sql.get<Withdrawal>("select * from withdrawal where id = $1 and tenant in ($2, $3)", [
    id,
    tenant,
    EVERY_TENANT,
  ]);
  if (!row) throw new AppError("not_found", "There is no such withdrawal.");
  return row;
}

/** Those of the tenant and of the whole installation, newest first. */
export function listWithdrawals(
  sql: Sql,
  { tenant }: Principal,
  { active, limit }: { readonly active: boolean; readonly limit: number },
): Promise<Withdrawal[]> {
  return sql.all<Withdrawal>(
    `select * from withdrawal where tenant in ($1, $2) and ($3 = 0 or lifted_at is null) order by at desc, id limit $4`,
    [tenant, EVERY_TENANT, active ? 1 : 0, limit],
  );
}

function tenantOf(principal: Principal, kind: Kind, everywhere: boolean): string {
  if (!everywhere) return principal.tenant;
  if (!SHARED_KINDS.has(kind)) {
    const message = `A ${kind} belongs to one tenant. Leave "scope" out.`;
    throw new AppError("invalid_request", message, { param: "scope" });
  }
  if (!isOperator(principal)) throw notOperator();
  return EVERY_TENANT;
}

const notOperator = (): AppError =>
  new AppError("forbidden", "Only the operator of this installation withdraws for every tenant.", { param: "scope" });

/** Models, prompts, releases and parsers may be withdrawn before anything was made with them; the others have a row. */
const ROWS: Partial<Record<Kind, string>> = {
  document: "select id from document where tenant = $1 and id = $2",
  document_version: "select id from document_version where tenant = $1 and id = $2",
  ingest_run: "select id from ingest_run where tenant = $1 and id = $2",
};

async function checkTarget(sql: Sql, tenant: string, kind: Kind, target: string): Promise<void> {
  const query = ROWS[kind];
  if (query === undefined || (await sql.get(query, [tenant, target]))) return;
  throw new AppError("not_found", `There is no ${kind.replace("_", " ")} "${target.slice(0, 100)}".`, {
    param: "target",
  });
}

type Event = { readonly id: string; readonly at: number } & Readonly<Record<string, string | number>>;

/** In the transaction that does it, so that nobody can withdraw or lift unseen. */
function log(sql: Sql, { tenant }: Principal, event: Event): Promise<void> {
  return appendLeaf(sql, { id: event.id, tenant, kind: "withdrawal", digest: digestOfJson(event), at: event.at });
}

/** The operator's webhook, where there is one, hears what was taken back, with the address of its impact. */
function tell(sql: Sql, id: string, type: string, withdrawal: Withdrawal, at: number): Promise<void> {
  const { tenant } = withdrawal;
  const data = { tenant, ...withdrawalView(withdrawal), impact: `/v1/withdrawals/${withdrawal.id}/impact` };
  const body = { type, timestamp: new Date(at).toISOString(), data };
  return post(sql, { id, tenant, topic: "webhook", body, at });
}
