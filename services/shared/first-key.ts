import type { Database } from "./database.ts";
import { createKey, LOCAL_ADMIN } from "./identity.ts";

/** The first administrator's key, made when the database has none. `undefined` when there is one already. */
export async function firstKey(db: Database, pepper: string): Promise<string | undefined> {
  const known = await db.get("select id from api_key limit 1");
  if (known) return undefined;
  const created = await createKey(db, pepper, { ...LOCAL_ADMIN, expiresAt: undefined });
  return created.key;
}
