import type { Sql } from "#shared/database.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import type { Generation, Vector } from "#shared/index.ts";
import { type SearchScope, scopeOf } from "#shared/principal.ts";
import type { GenerationIndex, Report } from "./reindex-row.ts";

const MAX_QUESTIONS = 200;
const SHOWN = 10;
const SEARCH_LIMIT_MS = 10_000;
/** Of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009). */
const RANK_OFFSET = 60;

type ComparedIndex = Pick<GenerationIndex, "searchIn" | "nearest" | "generations">;
type Recorded = { readonly id: string; readonly tenant: string; readonly subject: string; readonly standalone: string };

/**
 * Asks the newest recorded questions of the live generation and of a new one, each for whoever had asked it: by words,
 * and by vectors where a generation has those of the embedder of today. What the recorded answers cite is what a good
 * ranking has first. Resolves to nothing where no question was recorded.
 */
export async function compareGenerations(
  sql: Sql,
  index: ComparedIndex,
  generation: string,
  embed?: Embed,
): Promise<Omit<Report, "failed">> {
  const all = await index.generations();
  const live = all.find(({ status }) => status === "live")!;
  const next = all.find(({ id }) => id === generation)!;
  const hasVectors = [live, next].some(({ manifest }) => manifest.embedder !== undefined);
  const recorded = await sql.all<Recorded>(
    `select id, tenant, subject, standalone from answer where outcome in ('answered', 'partial')
     order by created_at desc, id limit $1`,
    [MAX_QUESTIONS],
  );
  const totals = { overlap: 0, before: 0, after: 0, cited: 0, by_vectors: 0 };
  for (const { id, tenant, subject, standalone } of recorded) {
    const scope = scopeOf({ tenant, subject, groups: [], scopes: [] });
    const vector = embed && hasVectors ? await vectorOf(embed, standalone) : undefined;
    const [before, after] = await Promise.all(
      [live, next].map((one) => documentsFound(index, one, standalone, vector, scope)),
    );
    if (vector && vector.embedder === next.manifest.embedder) totals.by_vectors += 1;
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
    ...(totals.by_vectors > 0 && { by_vectors: totals.by_vectors }),
  };
}

/** Nothing where the gateway has no vector for it now: then the words are compared. */
const vectorOf = (embed: Embed, question: string): Promise<Vector | undefined> =>
  embed("query", [question], AbortSignal.timeout(SEARCH_LIMIT_MS)).then(
    ({ vectors }) => vectors[0],
    () => undefined,
  );

async function documentsFound(
  index: ComparedIndex,
  { id }: Generation,
  question: string,
  vector: Vector | undefined,
  scope: SearchScope,
): Promise<string[]> {
  const signal = AbortSignal.timeout(SEARCH_LIMIT_MS);
  const found = await index.searchIn(id, question, scope, 5 * SHOWN, signal);
  const near = vector && (await index.nearest(id, vector, scope, 5 * SHOWN, signal));
  const scores = new Map<string, number>();
  for (const hits of [found?.legs.lexical ?? [], near ?? []]) {
    const documents = new Set(hits.map(({ chunk }) => chunk.documentId));
    for (const [rank, document] of [...documents].entries())
      scores.set(document, (scores.get(document) ?? 0) + 1 / (RANK_OFFSET + rank));
  }
  const ranked = [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return ranked.slice(0, SHOWN).map(([document]) => document);
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
