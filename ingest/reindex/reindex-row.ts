import type { Sql } from "#shared/database.ts";
import type { SearchIndex } from "#shared/index.ts";

export type ReindexState = "building" | "ready" | "promoted" | "rolled_back" | "dropped";

export type ReindexRow = {
  readonly generation: string;
  readonly state: ReindexState;
  /** Id of the last version that is done; versions are taken in the order of their ids. */
  readonly cursor: string;
  readonly total: number;
  readonly done: number;
  /** `Report` as JSON. */
  readonly report: string | null;
  /** The generation that was live before this one. */
  readonly before: string | null;
  readonly created_by: string;
  readonly created_at: number;
  readonly updated_at: number;
};

/** How a new generation compares with the live one. */
export type Report = {
  /** Versions that could not be read again, with the reason. */
  readonly failed: readonly { readonly version_id: string; readonly reason: string }[];
  /** Passages that have no vector yet. */
  readonly without_vectors?: number;
  /** Recorded questions that were asked of both. */
  readonly questions?: number;
  /** Those of them that were looked for by vectors in the new generation, too. */
  readonly by_vectors?: number;
  /** Mean share of the first ten documents that both have. */
  readonly overlap?: number;
  /** Mean nDCG@10 against the documents that the recorded answers cite. */
  readonly ndcg_before?: number;
  readonly ndcg_after?: number;
};

/** What building and switching needs of an index. */
export type GenerationIndex = Pick<
  SearchIndex,
  | "writeAll"
  | "remove"
  | "refile"
  | "versions"
  | "searchIn"
  | "generations"
  | "createGeneration"
  | "promoteGeneration"
  | "dropGeneration"
  | "withoutVectors"
  | "nearest"
>;

/** A reindex as a run: it has the id of the generation that it builds. */
export const runOf = (tenant: string, generation: string) =>
  ({ runId: generation, tenant, job: "reindex", outputs: [{ name: `generation/${generation}` }] }) as const;

export const reindexRow = (sql: Sql, generation: string): Promise<ReindexRow | undefined> =>
  sql.get<ReindexRow>("select * from reindex where generation = $1", [generation]);

export const reportOf = ({ report }: ReindexRow): Report =>
  report === null ? { failed: [] } : (JSON.parse(report) as Report);

/** Versions that searchers see, and that have something to find. `$1` is the version after which to begin. */
export const CURRENT_VERSIONS = `from document_version v join document d on d.current_version = v.id
  where d.deleted_at is null and coalesce(v.passages, 1) <> 0 and v.id > $1`;
