import { basename } from "node:path";
import type { Database, Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import type { AclEntry } from "#shared/principal.ts";
import type { Store } from "../document-row.ts";
import { audit } from "../documents.ts";

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
    await sql.run(
      `insert into source (id, tenant, kind, location, collection, acl, created_by, created_at)
       values ($1, $2, 'folder', $3, $4, $5, $6, $7)`,
      [id, tenant, location, collection, JSON.stringify(acl), subject, store.now()],
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

export const listSources = (sql: Sql, tenant: string): Promise<Source[]> =>
  sql.all<Source>("select * from source where tenant = $1 order by created_at, id", [tenant]);

/**
 * What a source's documents are called by: the folder's name, never its path, which would tell readers about the
 * machine. Later folders of the same name in the collection get a number. Sources are never removed, so it is stable.
 */
export async function labelOf(db: Database, source: Source): Promise<string> {
  const name = basename(source.location) || "root";
  const rows = await db.all<{ id: string; location: string }>(
    "select id, location from source where tenant = $1 and collection = $2 order by created_at, id",
    [source.tenant, source.collection],
  );
  const namesakes = rows.filter(({ location }) => (basename(location) || "root") === name);
  const position = namesakes.findIndex(({ id }) => id === source.id);
  return position > 0 ? `${name}-${position + 1}` : name;
}
