import type { DocumentRow, Store } from "../document-row.ts";
import { tombstone } from "../documents.ts";
import type { Source } from "./sources.ts";

/** Deletions a transaction: nobody else can write meanwhile. */
const BATCH = 200;

/**
 * Deletes documents of a source. Without a fingerprint one that comes back, even with its old time and size, is taken
 * in again.
 */
export async function removeGone(
  store: Store,
  source: Pick<Source, "id">,
  gone: readonly { readonly id: string }[],
  onRemoved: (uri: string) => void,
): Promise<void> {
  for (let at = 0; at < gone.length; at += BATCH) {
    const removed = await store.db.transaction(async (sql) => {
      const uris: string[] = [];
      for (const { id } of gone.slice(at, at + BATCH)) {
        const row = await sql.get<DocumentRow>(
          "select * from document where id = $1 and source_id = $2 and deleted_at is null",
          [id, source.id],
        );
        if (!row) continue;
        await tombstone(store, sql, row);
        await sql.run("update document set fingerprint = null where id = $1", [id]);
        await sql.run("delete from source_page where document_id = $1", [id]);
        uris.push(row.uri);
      }
      return uris;
    });
    for (const uri of removed) onRemoved(uri);
  }
}
