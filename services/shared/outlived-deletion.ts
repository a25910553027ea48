/**
 * SQL condition over a version `v` and its document `d`: no deletion of the document is as young as the version.
 * A uri that is used again brings the document's row back, under another ACL; what was deleted stays deleted.
 * A deletion retires every version, so one that is not retired came after it.
 */
export const OUTLIVED_DELETION = `(v.retired_at is null or not exists (select 1 from ingestion_event e
  where e.document_id = d.id and e.kind = 'delete' and e.at >= v.created_at))`;
