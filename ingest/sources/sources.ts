import { basename } from "node:path";
import { audit } from "#shared/audit.ts";
import type { Database, Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import type { AclEntry } from "#shared/principal.ts";
import type { Store } from "../document-row.ts";

export type Source = {
  readonly id: string;
  readonly tenant: string;
  readonly kind: string;
  readonly location: string;
  readonly collection: string;
  readonly acl: string;
  readonly created_by: string;
  readonly created_at: number;
  readonly synced_at: number | null;
  /** What its documents are called by. Only sources from before there were labels have none. */
  readonly label: string | null;
};

export type NewSource = {
  readonly tenant: string;
  readonly subject: string;
  /** An absolute path. */
  readonly location: string;
  readonly collection: string;
  readonly acl: readonly AclEntry[];
};

/** The same folder in the same collection is the same source. Rejects with `conflict` when it has another ACL. */
export async function openFolderSource(store: Pick<Store, "db" | "now" | "newId">, source: NewSource): Promise<Source> {
  const { tenant, subject, location, collection, acl } = source;
  return store.db.transaction(async (sql) => {
    const known = await sql.get<Source>(
      "select * from source where tenant = $1 and kind = 'folder' and location = $2 and collection = $3",
      [tenant, location, collection],
    );
    if (known && known.acl !== JSON.stringify(acl)) {
      throw new AppError("conflict", "This folder is a source already, with another ACL. Use another collection.", {
        param: "acl",
      });
    }
    if (known) return known;
    const id = store.newId();
    const label = await freeLabel(sql, source);
    await sql.run(
      `insert into source (id, tenant, kind, location, collection, acl, created_by, created_at, label)
       values ($1, $2, 'folder', $3, $4, $5, $6, $7, $8)`,
      [id, tenant, location, collection, JSON.stringify(acl), subject, store.now(), label],
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

/** The label that the source got at its creation. Sources older than labels get theirs now, in the order of their age. */
export async function labelOf(db: Database, source: Source): Promise<string> {
  if (source.label !== null) return source.label;
  const { tenant, collection } = source;
  return db.transaction(async (sql) => {
    const unnamed = await sql.all<Source>(
      "select * from source where tenant = $1 and collection = $2 and label is null order by created_at, id",
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
  { tenant, collection, location }: Omit<NewSource, "acl" | "subject">,
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
