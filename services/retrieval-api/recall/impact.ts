import type { Sql } from "#shared/database.ts";
import { EVERY_TENANT } from "#shared/not-withdrawn.ts";
import type { Kind, Withdrawal } from "./withdrawal.ts";

/** How an answer rests on something, the weightiest first: what is cited was read, and what is read was retrieved. */
export const USES = ["cited", "in_context", "retrieved", "generated", "configured"] as const;
export type Use = (typeof USES)[number];

export type Totals = {
  readonly answers: number;
  readonly conversations: number;
  readonly people: number;
  readonly by_use: Readonly<Partial<Record<Use, number>>>;
};
export type TenantTotals = Totals & { readonly tenant: string };

export type AffectedAnswer = {
  readonly answer_id: string;
  readonly tenant: string;
  readonly use: Use;
  readonly conversation_id: string | null;
  readonly subject: string;
  readonly outcome: string;
  readonly at: number;
};
export type AffectedConversation = {
  readonly conversation_id: string;
  readonly tenant: string;
  readonly subject: string;
  readonly answers: number;
  readonly use: Use;
  readonly last_at: number;
};

export type Place = { readonly at: number; readonly id: string };
type Page = { readonly use?: Use | undefined; readonly after?: Place | undefined; readonly limit: number };

/** An answer once, with its weightiest use of what was withdrawn. `$1` is the target. */
const hits = (kind: Kind, tenant: string): string => {
  const through = kind === "ingest_run" ? "run_id" : kind === "parser" ? "parser" : undefined;
  const depends =
    through === undefined
      ? `d.dep_kind = '${kind}' and d.dep_id = $1`
      : `d.dep_kind = 'document_version' and d.dep_id in (select v.id from document_version v where v.${through} = $1
          and v.tenant = d.tenant)`;
  const ranks = USES.map((use, rank) => `when '${use}' then ${rank}`).join(" ");
  const within = tenant === EVERY_TENANT ? `d.tenant in (${TENANTS})` : "d.tenant = $2";
  return `select d.answer_id, d.tenant, min(case d.use ${ranks} end) as rank, min(d.at) as at
    from answer_dep d where ${within} and ${depends} group by d.answer_id, d.tenant`;
};

/** Every tenant with an answer, one step in the index of dependencies for each of them. */
const TENANTS = `with recursive known(tenant) as (select min(tenant) from answer_dep union all
  select (select min(o.tenant) from answer_dep o where o.tenant > known.tenant) from known where known.tenant is not null)
  select tenant from known where tenant is not null`;

const paramsOf = ({ tenant, target }: Withdrawal): string[] => (tenant === EVERY_TENANT ? [target] : [target, tenant]);
const hitsOf = ({ kind, tenant }: Withdrawal): string => hits(kind, tenant);
const useOf = (rank: number): Use => USES[Number(rank)]!;

/** How many answers, conversations and people a withdrawal touches, by tenant. */
export async function impactTotals(sql: Sql, withdrawal: Withdrawal): Promise<TenantTotals[]> {
  const params = paramsOf(withdrawal);
  const uses = await sql.all<{ tenant: string; rank: number; answers: number }>(
    `select tenant, rank, count(*) as answers from (${hitsOf(withdrawal)}) h group by tenant, rank order by tenant, rank`,
    params,
  );
  const owners = await sql.all<{ tenant: string; conversations: number; people: number }>(
    `select h.tenant, count(distinct a.conversation_id) as conversations, count(distinct a.subject) as people
     from (${hitsOf(withdrawal)}) h join answer a on a.id = h.answer_id group by h.tenant order by h.tenant`,
    params,
  );
  return owners.map(({ tenant, conversations, people }) => {
    const own = uses.filter((row) => row.tenant === tenant);
    return {
      tenant,
      answers: own.reduce((sum, { answers }) => sum + Number(answers), 0),
      conversations: Number(conversations),
      people: Number(people),
      by_use: Object.fromEntries(own.map(({ rank, answers }) => [useOf(rank), Number(answers)])),
    };
  });
}

/** Of all tenants together. */
export function sumOf(tenants: readonly TenantTotals[]): Totals {
  const sum = (of: (one: TenantTotals) => number): number => tenants.reduce((total, one) => total + of(one), 0);
  const uses = USES.map((use) => [use, sum(({ by_use }) => by_use[use] ?? 0)] as const).filter(
    ([, count]) => count > 0,
  );
  return {
    answers: sum(({ answers }) => answers),
    conversations: sum(({ conversations }) => conversations),
    people: sum(({ people }) => people),
    by_use: Object.fromEntries(uses),
  };
}

/** The answers, newest first. Their texts are not among what this tells. */
export async function affectedAnswers(sql: Sql, withdrawal: Withdrawal, page: Page): Promise<AffectedAnswer[]> {
  const params = paramsOf(withdrawal);
  const place = (i: number): string => `$${params.length + i}`;
  const rows = await sql.all<Omit<AffectedAnswer, "use"> & { rank: number }>(
    `select h.answer_id, h.tenant, h.rank, a.conversation_id, a.subject, a.outcome, h.at
     from (select * from (${hitsOf(withdrawal)}) g where (${place(1)} < 0 or rank = ${place(1)})
       and (at < ${place(2)} or (at = ${place(2)} and answer_id > ${place(3)}))
       order by at desc, answer_id limit ${place(4)}) h
     join answer a on a.id = h.answer_id order by h.at desc, h.answer_id`,
    [...params, ...pageOf(page)],
  );
  return rows.map(({ rank, at, ...row }) => ({ ...row, at: Number(at), use: useOf(rank) }));
}

/** The conversations, the one with the newest affected answer first. */
export async function affectedConversations(
  sql: Sql,
  withdrawal: Withdrawal,
  page: Page,
): Promise<AffectedConversation[]> {
  const params = paramsOf(withdrawal);
  const place = (i: number): string => `$${params.length + i}`;
  const rows = await sql.all<Omit<AffectedConversation, "use"> & { rank: number }>(
    `select * from (select a.conversation_id, h.tenant, a.subject, count(*) as answers, min(h.rank) as rank, max(h.at) as last_at
       from (${hitsOf(withdrawal)}) h join answer a on a.id = h.answer_id where a.conversation_id is not null
       group by a.conversation_id, h.tenant, a.subject) c
     where (${place(1)} < 0 or rank = ${place(1)})
       and (last_at < ${place(2)} or (last_at = ${place(2)} and conversation_id > ${place(3)}))
     order by last_at desc, conversation_id limit ${place(4)}`,
    [...params, ...pageOf(page)],
  );
  return rows.map(({ rank, answers, last_at, ...row }) => ({
    ...row,
    answers: Number(answers),
    last_at: Number(last_at),
    use: useOf(rank),
  }));
}

const pageOf = ({ use, after, limit }: Page): (string | number)[] => [
  use === undefined ? -1 : USES.indexOf(use),
  after?.at ?? Number.MAX_SAFE_INTEGER,
  after?.id ?? "",
  limit,
];
