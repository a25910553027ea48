import type { Sql } from "../database.ts";
import type { PublishedKey } from "./signing-key.ts";

/**
 * Makes keys known to all replicas: each may have a file of its own, and everybody publishes the keys of all. An end once
 * said stays, whatever a replica that has not heard of it says.
 */
export async function publishKeys(sql: Sql, keys: readonly PublishedKey[]): Promise<void> {
  for (const key of keys) {
    const known = key.valid_until === null ? "nothing" : "update set published = $2";
    await sql.run(
      `insert into signing_key (kid, published, valid_from) values ($1, $2, $3) on conflict (kid) do ${known}`,
      [key.kid, JSON.stringify(key), key.valid_from],
    );
  }
}

/** Every key that records and checkpoints of this installation were ever signed with, oldest first. */
export async function publishedKeys(sql: Sql): Promise<PublishedKey[]> {
  const rows = await sql.all<{ published: string }>("select published from signing_key order by valid_from, kid");
  return rows.map(({ published }) => JSON.parse(published) as PublishedKey);
}
