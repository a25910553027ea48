import { placesOf, type Sql } from "#shared/database.ts";
import { NOT_WITHDRAWN } from "#shared/not-withdrawn.ts";
import { OUTLIVED_DELETION } from "#shared/outlived-deletion.ts";
import { mayRead, type SearchScope } from "#shared/principal.ts";
import type { Cause, Fate } from "./retrieval-diff.ts";

type Row = {
  version_id: string;
  document_id: string;
  tenant: string;
  collection: string;
  acl: string;
  title: string;
  uri: string;
  current_version: string | null;
  deleted_at: number | null;
  created_at: number;
  seq: number;
  erased_at: number | null;
  usable: number;
  outlived: number;
};

const BATCH = 500;

/**
 * What became of document versions since a moment, for the scope of whoever asked then. Titles and addresses are told
 * only of what `reader` may read now.
 */
export async function fatesOf(
  sql: Sql,
  asker: SearchScope,
  reader: SearchScope,
  versionIds: readonly string[],
  since: number,
): Promise<Map<string, Fate>> {
  const fates = new Map<string, Fate>();
  for (let at = 0; at < versionIds.length; at += BATCH) {
    const some = versionIds.slice(at, at + BATCH);
    const rows = await sql.all<Row>(
      `select v.id as version_id, d.id as document_id, d.tenant, d.collection, d.acl, d.title, d.uri, d.current_version,
         d.deleted_at, v.created_at, v.seq, v.erased_at, case when ${NOT_WITHDRAWN} then 1 else 0 end as usable,
         case when ${OUTLIVED_DELETION} then 1 else 0 end as outlived
       from document_version v join document d on d.id = v.document_id
       where d.tenant = $1 and v.id in (${placesOf(some, 2)})`,
      [asker.tenant, ...some],
    );
    for (const row of rows) {
      const readable = mayRead(reader, { ...row, acl: JSON.parse(row.acl) as string[] }) && row.outlived === 1;
      const cause = causeOf(row, asker, since);
      fates.set(row.version_id, { cause, title: readable ? row.title : null, uri: readable ? row.uri : null });
    }
  }
  return fates;
}

function causeOf(row: Row, asker: SearchScope, since: number): Cause {
  if (row.erased_at !== null) return "erased";
  if (row.usable === 0) return "withdrawn";
  if (row.deleted_at !== null || row.outlived === 0) return "deleted";
  if (!mayRead(asker, { ...row, acl: JSON.parse(row.acl) as string[] })) return "closed";
  if (row.current_version !== row.version_id) return "superseded";
  if (Number(row.created_at) > since) return Number(row.seq) > 1 ? "new_version" : "new_document";
  return "displaced";
}
