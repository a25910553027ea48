import { basename } from "node:path";
import { audit } from "#shared/audit.ts";
import type { Database, Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import type { AclEntry } from "#shared/principal.ts";
import type { Store } from "../document-row.ts";
import { removeGone } from "./remove-gone.ts";
import { DEFAULT_TIMEZONE, nextRun } from "./schedule.ts";

export const SOURCE_KINDS = ["folder", "git", "web", "s3"] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

export type Source = {
  readonly id: string;
  readonly tenant: string;
  readonly kind: SourceKind;
  readonly location: string;
  readonly collection: string;
  readonly acl: string;
  readonly created_by: string;
  readonly created_at: number;
  readonly synced_at: number | null;
  /** What its documents are called by. Only sources from before there were labels have none. */
  readonly label: string | null;
  /** JSON: what only its kind knows, such as the limits of a crawl. */
  readonly settings: string;
  /** Five cron fields, read in `timezone`; `next_at` is when they are due next. */
  readonly schedule: string | null;
  readonly timezone: string | null;
  readonly next_at: number | null;
  readonly sync_state: "idle" | "queued" | "running";
  /** JSON counts of a sync that is running. */
  readonly progress: string | null;
  /** JSON of the last sync that ended well; a dry run's too. */
  readonly report: string | null;
  readonly attempted_at: number | null;
  /** Why the last sync did not end well. */
  readonly problem: string | null;
  readonly problem_code: string | null;
};

export type NewSource = {
  readonly tenant: string;
  readonly subject: string;
  readonly kind: SourceKind;
  /** An absolute path, an http(s) URL, or `s3://bucket/prefix`. */
  readonly location: string;
  readonly collection: string;
  readonly acl: readonly AclEntry[];
  readonly settings?: object;
  /** Without it the source is synced when somebody asks for it. */
  readonly schedule?: string | undefined;
  readonly timezone?: string | undefined;
};

type Deps = Pick<Store, "db" | "now" | "newId">;

/** `openSource` for a folder that is synced when somebody asks for it. */
export const openFolderSource = (store: Deps, source: Omit<NewSource, "kind">): Promise<Source> =>
  openSource(store, { ...source, kind: "folder" });

/**
 * The same place in the same collection is the same source, and takes on the new settings and schedule. Rejects with
 * `conflict` when it has another ACL: its documents have that.
 */
export async function openSource(store: Deps, source: NewSource): Promise<Source> {
  const { tenant, subject, kind, location, collection, acl, settings = {}, schedule } = source;
  const timezone = schedule === undefined ? null : (source.timezone ?? DEFAULT_TIMEZONE);
  const nextAt = schedule === undefined ? null : nextRun(schedule, timezone!, store.now());
  return store.db.transaction(async (sql) => {
    const known = await sql.get<Source>(
      "select * from source where tenant = $1 and kind = $2 and location = $3 and collection = $4",
      [tenant, kind, location, collection],
    );
    if (known && known.acl !== JSON.stringify(acl)) {
      const what = kind === "folder" ? "folder" : "place";
      const hint = "Use another collection, or remove that source with its documents first.";
      throw new AppError("conflict", `This ${what} is a source already, with another ACL. ${hint}`, { param: "acl" });
    }
    const values = [JSON.stringify(settings), schedule ?? null, timezone, nextAt];
    if (known) {
      const isSame = known.settings === values[0] && known.schedule === values[1] && known.timezone === timezone;
      if (isSame) return known;
      await sql.run("update source set settings = $1, schedule = $2, timezone = $3, next_at = $4 where id = $5", [
        ...values,
        known.id,
      ]);
      await audit(store, sql, { tenant, subject }, "source.update", known.id);
      return sourceById(sql, tenant, known.id);
    }
    const id = store.newId();
    const label = isLabelled(kind) ? await freeLabel(sql, source) : null;
    await sql.run(
      `insert into source (id, tenant, kind, location, collection, acl, created_by, created_at, label, settings, schedule,
         timezone, next_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [id, tenant, kind, location, collection, JSON.stringify(acl), subject, store.now(), label, ...values],
    );
    await audit(store, sql, { tenant, subject }, "source.create", id);
    return sourceById(sql, tenant, id);
  });
}

/** Rejects with `not_found`, for another tenant's source too. */
export async function sourceById(sql: Sql, tenant: string, id: string): Promise<Source> {
  const source = await sql.get<Source>("select * from source where id = $1 and tenant = $2", [id, tenant]);
  if (!source) throw new AppError("not_found", "There is no such source.");
  return source;
}

/** Oldest first. */
export const listSources = (sql: Sql, tenant: string): Promise<Source[]> =>
  sql.all<Source>("select * from source where tenant = $1 order by created_at, id", [tenant]);

/**
 * Ends a source. Its documents go too, or stay as if they had been uploaded by hand. Rejects with `conflict` while it
 * is being synced. Resolves to how many documents were deleted.
 */
export async function removeSource(
  store: Store,
  owner: { readonly tenant: string; readonly subject: string },
  id: string,
  documents: "keep" | "delete",
): Promise<number> {
  const { db } = store;
  const { next_at } = await sourceById(db, owner.tenant, id);
  // First nobody may begin with it, then its documents go, in as many steps as it needs, and last the source.
  const free = await db.run(
    "update source set next_at = null, sync_state = 'idle' where id = $1 and sync_state <> 'running'",
    [id],
  );
  if (free === 0) throw new AppError("conflict", "This source is being synced. Remove it when that has ended.");
  let removed = 0;
  if (documents === "delete") {
    const rows = await db.all<{ id: string }>("select id from document where source_id = $1 and deleted_at is null", [
      id,
    ]);
    await removeGone(store, { id }, rows, () => {
      removed += 1;
    });
  }
  const ended = await db.transaction(async (sql) => {
    const rows = await sql.run("delete from source where id = $1 and sync_state <> 'running'", [id]);
    if (rows === 0) {
      await sql.run("update source set next_at = $1 where id = $2 and next_at is null", [next_at, id]);
      return false;
    }
    await sql.run("update document set source_id = null, fingerprint = null where source_id = $1", [id]);
    await sql.run("delete from source_page where source_id = $1", [id]);
    await audit(store, sql, owner, "source.remove", id);
    return true;
  });
  if (!ended) throw new AppError("conflict", "Somebody asked for a sync meanwhile. Remove the source again.");
  return removed;
}

/** Documents of a folder or a working tree are called by its name; others have names of their own. */
const isLabelled = (kind: SourceKind): boolean => kind === "folder" || kind === "git";

/** The label that the source got at its creation. Sources older than labels get theirs now, in the order of their age. */
export async function labelOf(db: Database, source: Source): Promise<string> {
  if (source.label !== null) return source.label;
  const { tenant, collection } = source;
  return db.transaction(async (sql) => {
    const unnamed = await sql.all<Source>(
      `select * from source where tenant = $1 and collection = $2 and label is null and kind = 'folder'
       order by created_at, id`,
      [tenant, collection],
    );
    for (const one of unnamed) {
      await sql.run("update source set label = $1 where id = $2", [await freeLabel(sql, one), one.id]);
    }
    return (await sourceById(sql, tenant, source.id)).label!;
  });
}

/**
 * The folder's name, never its path, which would tell readers about the machine; with a number where a source of the
 * collection has that name already, so that no two sources ever call their documents alike.
 */
async function freeLabel(
  sql: Sql,
  { tenant, collection, location }: Pick<NewSource, "tenant" | "collection" | "location">,
): Promise<string> {
  const rows = await sql.all<{ label: string | null }>(
    "select label from source where tenant = $1 and collection = $2",
    [tenant, collection],
  );
  const taken = new Set(rows.map(({ label }) => label));
  const name = basename(location) || "root";
  let label = name;
  for (let n = 2; taken.has(label); n++) label = `${name}-${n}`;
  return label;
}
