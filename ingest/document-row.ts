import type { Blobs } from "#shared/blobs.ts";
import type { Database } from "#shared/database.ts";
import type { SearchIndex } from "#shared/index.ts";
import type { AclEntry } from "#shared/principal.ts";

/** What the functions over documents work on. `now` and `newId` are passed in so that tests need no fake timers. */
export type Store = {
  readonly db: Database;
  readonly blobs: Blobs;
  readonly index: Pick<SearchIndex, "refile">;
  readonly now: () => number;
  readonly newId: () => string;
};

export type DocumentRow = {
  readonly id: string;
  readonly tenant: string;
  readonly collection: string;
  readonly uri: string;
  readonly title: string;
  /** JSON list of ACL entries. */
  readonly acl: string;
  readonly source_id: string | null;
  readonly fingerprint: string | null;
  readonly created_by: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly current_version: string | null;
  readonly latest_seq: number;
  readonly deleted_at: number | null;
  /** State of the newest version's job, where the query asked for it. */
  readonly latest_job?: string | null;
};

export type VersionRow = {
  readonly id: string;
  readonly document_id: string;
  readonly tenant: string;
  readonly seq: number;
  readonly title: string;
  readonly digest: string;
  readonly salt: string;
  readonly bytes: number;
  readonly media_type: string;
  readonly file_name: string;
  readonly code_points: number | null;
  readonly passages: number | null;
  readonly created_at: number;
  readonly ready_at: number | null;
  readonly retired_at: number | null;
  readonly parser: string | null;
  /** Of the normalised text, salted; `null` before it was read. */
  readonly text_commitment: string | null;
  /** The ingest run that brought it; `null` for those from before runs were kept. */
  readonly run_id: string | null;
  /** The commit or state of the source that the bytes are of. */
  readonly revision: string | null;
  /** An https address of just these bytes. */
  readonly link: string | null;
};

/** The entries of a row of `document` or `source`. */
export const aclOf = (row: { readonly acl: string }): AclEntry[] => JSON.parse(row.acl) as AclEntry[];

/** Everything a version stores is below this key, so deleting it is one call. */
export const blobsOf = (tenant: string, versionId: string): string => `${tenant}/${versionId}`;
/** Key of the bytes as they were sent. */
export const originalOf = (tenant: string, versionId: string): string => `${blobsOf(tenant, versionId)}/original`;
/** Key of the normalised text in UTF-8, which citations point into. */
export const textOf = (tenant: string, versionId: string): string => `${blobsOf(tenant, versionId)}/text`;
