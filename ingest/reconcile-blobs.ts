import type { Blobs } from "#shared/blobs.ts";
import { type Database, placesOf } from "#shared/database.ts";
import { OUTLIVED_DELETION } from "#shared/outlived-deletion.ts";
import { blobsOf } from "./document-row.ts";

/** An upload stores its bytes before its rows: what has no rows for so long never gets any. */
const GRACE_MS = 3_600_000;
const BATCH = 500;
const PARTS = ["original", "text"];

type Row = { readonly id: string; readonly ended: number };

export type BlobDrift = {
  /** Versions whose stored files nothing refers to any more. */
  readonly removed: number;
  /** Versions that should have their files and lack one: only a backup brings it back. */
  readonly missing: readonly string[];
};

type Stores = { readonly db: Database; readonly blobs: Blobs };
type Found = {
  /** `<tenant>/<version>` of files that no row knows. An upload stores its bytes first, so they may be about to. */
  readonly unknown: readonly string[];
  /** The same of files that outlived their version. */
  readonly outlived: readonly string[];
  readonly missing: readonly string[];
};

/** How stored files and database differ. Lists every file, which takes minutes in a large store. */
export async function findBlobDrift({ db, blobs }: Stores, at: number, signal: AbortSignal): Promise<Found> {
  const held = await heldParts(blobs, signal);
  const known = new Map<string, Row>();
  const ids = [...new Set([...held.keys()].map(versionOf))];
  for (let from = 0; from < ids.length; from += BATCH) {
    for (const row of await rowsOf(db, ids.slice(from, from + BATCH), at)) known.set(row.id, row);
  }
  const keys = [...held.keys()];
  return {
    unknown: keys.filter((key) => !known.has(versionOf(key))),
    outlived: keys.filter((key) => known.get(versionOf(key))?.ended),
    missing: await missingVersions(db, held),
  };
}

/**
 * Makes stored files and database agree. Files without rows are removed when a second look, an hour or more after the
 * first, finds them still; files of erased documents, and of those deleted for an hour, at once.
 */
export function createBlobReconciler({ db, blobs, now }: Stores & { readonly now: () => number }) {
  let suspects = new Map<string, number>();

  return async function reconcileBlobs(signal: AbortSignal): Promise<BlobDrift> {
    const at = now();
    const { unknown, outlived, missing } = await findBlobDrift({ db, blobs }, at, signal);
    const since = new Map(unknown.map((key) => [key, suspects.get(key) ?? at]));
    const orphans = unknown.filter((key) => at - since.get(key)! >= GRACE_MS);
    const gone = [...outlived, ...orphans];
    for (const key of gone) {
      signal.throwIfAborted();
      await blobs.remove(key);
      since.delete(key);
    }
    suspects = since;
    return { removed: gone.length, missing };
  };
}

const versionOf = (key: string): string => key.slice(key.indexOf("/") + 1);

/** Which parts there are, by `<tenant>/<version>`. */
async function heldParts(blobs: Blobs, signal: AbortSignal): Promise<Map<string, Set<string>>> {
  const held = new Map<string, Set<string>>();
  for await (const key of blobs.keys()) {
    signal.throwIfAborted();
    const [tenant, version, part] = key.split("/");
    // What is not laid out as versions are is somebody else's.
    if (!tenant || !version || !part) continue;
    const parts = held.get(`${tenant}/${version}`) ?? new Set();
    held.set(`${tenant}/${version}`, parts.add(part));
  }
  return held;
}

const rowsOf = (db: Database, ids: readonly string[], at: number): Promise<Row[]> =>
  db.all<Row>(
    `select v.id, case when v.erased_at is not null or d.deleted_at < $1 then 1 else 0 end as ended
     from document_version v join document d on d.id = v.document_id where v.id in (${placesOf(ids, 2)})`,
    [at - GRACE_MS, ...ids],
  );

async function missingVersions(db: Database, held: ReadonlyMap<string, ReadonlySet<string>>): Promise<string[]> {
  const missing: string[] = [];
  for (let after = ""; ; ) {
    const rows = await db.all<{ id: string; tenant: string }>(
      `select v.id, v.tenant from document_version v join document d on d.id = v.document_id
       where v.id > $1 and v.ready_at is not null and v.erased_at is null and d.deleted_at is null and ${OUTLIVED_DELETION}
       order by v.id limit ${BATCH}`,
      [after],
    );
    for (const { id, tenant } of rows) {
      const parts = held.get(blobsOf(tenant, id));
      if (PARTS.some((part) => !parts?.has(part))) missing.push(id);
    }
    if (rows.length < BATCH) return missing;
    after = rows.at(-1)!.id;
  }
}
