import { placesOf, type Sql } from "./database.ts";
import { sha256 } from "./digest.ts";

/** What is kept of an address after an erasure: enough to know it again, and not to read it. */
export const uriDigest = (tenant: string, collection: string, uri: string): string =>
  sha256(JSON.stringify([tenant, collection, uri]));

/** Whether one of the documents has been erased, or is being erased. */
export async function anyErased(sql: Sql, tenant: string, documentIds: readonly string[]): Promise<boolean> {
  if (documentIds.length === 0) return false;
  const row = await sql.get(
    `select 1 as one from erasure where tenant = $1 and document_id in (${placesOf(documentIds, 2)}) limit 1`,
    [tenant, ...documentIds],
  );
  return row !== undefined;
}

/** Whether a document of this address has been erased, or is being erased. */
export async function isErased(
  sql: Sql,
  { tenant, collection, uri }: { readonly tenant: string; readonly collection: string; readonly uri: string },
): Promise<boolean> {
  const digest = uriDigest(tenant, collection, uri);
  return (await sql.get("select 1 as one from erasure where uri_digest = $1 limit 1", [digest])) !== undefined;
}
