import type { Sql } from "#shared/database.ts";
import { digestOfJson } from "#shared/digest.ts";
import { appendLeaf } from "#shared/lineage/append-leaf.ts";

export type IngestionEvent = {
  readonly id: string;
  readonly tenant: string;
  readonly kind: "upsert" | "delete";
  readonly documentId: string;
  readonly versionId: string | null;
  /** Of the version's text, salted; `null` for a deletion. */
  readonly commitment: string | null;
  readonly at: number;
};

/** The ingestion log: what became current or was deleted, with its leaf in the tenant's tree, in one transaction. */
export async function logEvent(sql: Sql, event: IngestionEvent): Promise<void> {
  const { id, tenant, kind, documentId, versionId, commitment, at } = event;
  await sql.run(
    `insert into ingestion_event (id, tenant, kind, document_id, version_id, commitment, at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [id, tenant, kind, documentId, versionId, commitment, at],
  );
  await appendLeaf(sql, { id, tenant, kind, digest: digestOfEvent(event), at });
}

/** Anyone who is told the event can find its leaf: the row's columns as canonical JSON. */
export function digestOfEvent({ kind, documentId, versionId, commitment, at }: IngestionEvent): string {
  return digestOfJson({ kind, document_id: documentId, version_id: versionId, commitment, at });
}
