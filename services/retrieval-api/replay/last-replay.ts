import type { Sql } from "#shared/database.ts";

export type ReplayCheck = { readonly property: "replay"; readonly result: "ok" | "skipped"; readonly detail: string };

/**
 * Whether an answer has been made again and came out the same, with search and prompt at least: level L4, which no record
 * can say of itself. What has changed since says nothing against what was found then.
 */
export async function checkReplayed(sql: Sql, tenant: string, id: string): Promise<ReplayCheck> {
  const last = await sql.get<{ mode: string; at: number }>(
    `select mode, at from answer_replay where answer_id = $1 and tenant = $2 and verdict = 'exact'
       and mode in ('prompt', 'generation') order by at desc limit 1`,
    [id, tenant],
  );
  if (!last)
    return { property: "replay", result: "skipped", detail: "It has not been made again with the same result." };
  const when = new Date(Number(last.at)).toISOString();
  const what = last.mode === "prompt" ? "Search and prompt" : "Search, prompt and text";
  return { property: "replay", result: "ok", detail: `${what} came out the same at ${when}.` };
}
