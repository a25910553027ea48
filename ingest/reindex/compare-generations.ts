import type { Sql } from "#shared/database.ts";
import { scopeOf } from "#shared/principal.ts";
import type { GenerationIndex, Report } from "./reindex-row.ts";

const MAX_QUESTIONS = 200;
const SHOWN = 10;
const SEARCH_LIMIT_MS = 10_000;

type Recorded = { readonly id: string; readonly tenant: string; readonly subject: string; readonly standalone: string };

/**
 * Asks the newest recorded questions of the live generation and of a new one, each for whoever had asked it. What the
 * recorded answers cite is what a good ranking has first. Resolves to nothing where no question was recorded.
 */
export async function compareGenerations(
  sql: Sql,
  index: Pick<GenerationIndex, "searchIn" | "generations">,
  generation: string,
): Promise<Omit<Report, "failed">> {
  const live = (await index.generations()).find(({ status }) => status === "live")!;
  const recorded = await sql.all<Recorded>(
    `select id, tenant, subject, standalone from answer where outcome in ('answered', 'partial')
     order by created_at desc, id limit $1`,
    [MAX_QUESTIONS],
  );
  const totals = { overlap: 0, before: 0, after: 0, cited: 0 };
  for (const { id, tenant, subject, standalone } of recorded) {
    const scope = scopeOf({ tenant, subject, groups: [], scopes: [] });
    const [before, after] = await Promise.all(
      [live.id, generation].map((one) => documentsFound(index, one, standalone, scope)),
    );
    totals.overlap += overlap(before!, after!);
    const cited = await sql.all<{ dep_id: string }>(
      "select distinct dep_id from answer_dep where answer_id = $1 and dep_kind = 'document' and use = 'cited'",
      [id],
    );
    if (cited.length === 0) continue;
    const relevant = new Set(cited.map(({ dep_id }) => dep_id));
    totals.cited += 1;
    totals.before += ndcg(before!, relevant);
    totals.after += ndcg(after!, relevant);
  }
  if (recorded.length === 0) return { questions: 0 };
  const mean = (sum: number, count: number): number => Math.round((1000 * sum) / Math.max(1, count)) / 1000;
  return {
    questions: recorded.length,
    overlap: mean(totals.overlap, recorded.length),
    ndcg_before: mean(totals.before, totals.cited),
    ndcg_after: mean(totals.after, totals.cited),
  };
}

async function documentsFound(
  index: Pick<GenerationIndex, "searchIn">,
  generation: string,
  question: string,
  scope: Parameters<GenerationIndex["searchIn"]>[2],
): Promise<string[]> {
  const found = await index.searchIn(generation, question, scope, 5 * SHOWN, AbortSignal.timeout(SEARCH_LIMIT_MS));
  return [...new Set((found?.legs.lexical ?? []).map(({ chunk }) => chunk.documentId))].slice(0, SHOWN);
}

function overlap(a: readonly string[], b: readonly string[]): number {
  const most = Math.max(a.length, b.length);
  return most === 0 ? 1 : a.filter((id) => b.includes(id)).length / most;
}

/** Järvelin and Kekäläinen, 2002, with a document being relevant or not. */
function ndcg(ranked: readonly string[], relevant: ReadonlySet<string>): number {
  const gain = (rank: number): number => 1 / Math.log2(rank + 2);
  const ideal = Array.from({ length: Math.min(SHOWN, relevant.size) }, (_, rank) => gain(rank));
  const got = ranked.map((id, rank) => (relevant.has(id) ? gain(rank) : 0));
  return got.reduce((sum, one) => sum + one, 0) / ideal.reduce((sum, one) => sum + one, 0);
}
