import { placesOf, type Sql } from "#shared/database.ts";
import { EVERY_TENANT } from "#shared/not-withdrawn.ts";
import type { Kind } from "./withdrawal.ts";

/** One thing that an answer was made of and that has been withdrawn since. Why is for auditors. */
export type Retracted = {
  readonly id: string;
  readonly kind: Kind;
  readonly at: string;
  readonly reason?: string;
};
export type Retractions = {
  readonly withdrawn: readonly Retracted[];
  /** Document versions that are withdrawn, by whatever names them. */
  readonly versions: ReadonlySet<string>;
};

type Row = { answer_id: string; version_id: string | null; id: string; kind: Kind; at: number; reason: string };

/**
 * What stands withdrawn of what answers were made of, by answer: documents that were in the prompt, with their parser
 * and the run that brought them, and model, prompt and release.
 */
export async function retractedOf(
  sql: Sql,
  answerIds: readonly string[],
  withReasons: boolean,
): Promise<Map<string, Retractions>> {
  const places = placesOf(answerIds, 1);
  const standing = (kind: string, target: string): string =>
    `join withdrawal w on w.tenant in (d.tenant, '${EVERY_TENANT}') and w.kind ${kind} and w.target = ${target} and w.lifted_at is null`;
  const columns = "w.id, w.kind, w.at, w.reason";
  const versions = `from answer_dep d join document_version v on v.id = d.dep_id`;
  const used = `d.answer_id in (${places}) and d.use in ('cited', 'in_context') and d.dep_kind = 'document_version'`;
  const rows = await sql.all<Row>(
    [
      `select d.answer_id, null as version_id, ${columns} from answer_dep d
         ${standing("= d.dep_kind", "d.dep_id")}
       where d.answer_id in (${places}) and d.dep_kind in ('model', 'prompt', 'release')`,
      ...[
        ["= 'document_version'", "v.id"],
        ["= 'document'", "v.document_id"],
        ["= 'ingest_run'", "v.run_id"],
        ["= 'parser'", "v.parser"],
      ].map(
        ([kind, target]) =>
          `select d.answer_id, v.id as version_id, ${columns} ${versions} ${standing(kind!, target!)} where ${used}`,
      ),
    ].join(" union "),
    answerIds,
  );
  const found = new Map<string, { withdrawn: Map<string, Retracted>; versions: Set<string> }>();
  for (const { answer_id, version_id, id, kind, at, reason } of rows) {
    const one = found.get(answer_id) ?? { withdrawn: new Map(), versions: new Set() };
    const when = new Date(Number(at)).toISOString();
    one.withdrawn.set(id, { id, kind, at: when, ...(withReasons && { reason }) });
    if (version_id !== null) one.versions.add(version_id);
    found.set(answer_id, one);
  }
  return new Map(
    [...found].map(([id, { withdrawn, versions }]) => [id, { withdrawn: [...withdrawn.values()], versions }]),
  );
}
