import { type Database, placesOf } from "#shared/database.ts";
import { NOT_WITHDRAWN } from "#shared/not-withdrawn.ts";
import { OUTLIVED_DELETION } from "#shared/outlived-deletion.ts";
import { mayRead, type SearchScope } from "#shared/principal.ts";

/** What the authoritative table says of a version that may be read now. */
export type Confirmed = {
  readonly documentId: string;
  readonly versionId: string;
  readonly title: string;
  readonly uri: string;
  readonly collection: string;
  readonly salt: string;
  readonly textCommitment: string;
  readonly current: boolean;
};

/** Versions that the scope may read, by version id. Whatever is absent must not be shown or used. */
export type SecondGate = (scope: SearchScope, versionIds: readonly string[]) => Promise<Map<string, Confirmed>>;

type VersionRow = {
  document_id: string;
  version_id: string;
  tenant: string;
  collection: string;
  acl: string;
  title: string;
  uri: string;
  salt: string;
  text_commitment: string | null;
  current_version: string | null;
};

const BATCH = 500;

/** Only current versions: what a search may show and a prompt may hold. */
export function currentGate(db: Database): SecondGate {
  const readable = readableGate(db);
  return async (scope, versionIds) => {
    const all = await readable(scope, versionIds);
    return new Map([...all].filter(([, version]) => version.current));
  };
}

/**
 * Also superseded versions of documents that may still be read: what a past answer may show. What was deleted stays
 * deleted when somebody uploads another document under the same uri.
 */
export function readableGate(db: Database): SecondGate {
  return async (scope, versionIds) => {
    const confirmed = new Map<string, Confirmed>();
    for (let at = 0; at < versionIds.length; at += BATCH) {
      for (const row of await rowsOf(db, scope.tenant, versionIds.slice(at, at + BATCH))) {
        const acl = JSON.parse(row.acl) as string[];
        if (!mayRead(scope, { tenant: row.tenant, collection: row.collection, acl })) continue;
        confirmed.set(row.version_id, {
          documentId: row.document_id,
          versionId: row.version_id,
          title: row.title,
          uri: row.uri,
          collection: row.collection,
          salt: row.salt,
          textCommitment: row.text_commitment ?? "",
          current: row.current_version === row.version_id,
        });
      }
    }
    return confirmed;
  };
}

function rowsOf(db: Database, tenant: string, versionIds: readonly string[]): Promise<VersionRow[]> {
  const places = placesOf(versionIds, 2);
  return db.all<VersionRow>(
    `select d.id as document_id, v.id as version_id, d.tenant, d.collection, d.acl, d.title, d.uri, v.salt,
       v.text_commitment, d.current_version
     from document_version v join document d on d.id = v.document_id
     where d.tenant = $1 and d.deleted_at is null and v.id in (${places})
       and ${OUTLIVED_DELETION} and ${NOT_WITHDRAWN}`,
    [tenant, ...versionIds],
  );
}
