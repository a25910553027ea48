import { canonicalJson, digestOfJson, sha256 } from "#shared/digest.ts";
import type { Envelope } from "#shared/lineage/dsse.ts";
import type { VersionRow } from "../document-row.ts";
import type { Erasure, Removed } from "./erasure.ts";

export const ERASURE_PREDICATE = "urn:cairn:lineage:erasure:v1";

/** A DSSE envelope around a statement, signed where this process has keys. `at` is in milliseconds. */
export type Seal = (statement: string, at: number) => Envelope;

/**
 * What an erasure leaves in its place: an in-toto statement whose subjects are the versions by the commitments to their
 * texts, which nobody can open any more. Says what was removed and by whose order.
 */
export function sealReceipt(
  seal: Seal,
  erasure: Erasure,
  versions: readonly VersionRow[],
  removed: Removed,
  at: number,
): { receipt: Envelope; digest: string } {
  const { id, tenant, document_id, reason, requested_by, requested_at } = erasure;
  const document = digestOfJson({ document_id, versions: versions.map((version) => version.id).sort() });
  const subject = [
    { name: `document:${document_id}`, digest: { sha256: document } },
    ...versions.flatMap(({ id: version, text_commitment }) =>
      text_commitment ? [{ name: `document-version:${version}`, digest: { sha256: text_commitment } }] : [],
    ),
  ];
  const statement = canonicalJson({
    _type: "https://in-toto.io/Statement/v1",
    subject,
    predicateType: ERASURE_PREDICATE,
    predicate: {
      erasure_id: id,
      tenant,
      document_id,
      reason,
      requested_by,
      requested_on: new Date(Number(requested_at)).toISOString(),
      completed_on: new Date(at).toISOString(),
      removed,
      steps: ["index", "answers", "conversations", "blobs", "names", "salts", "free pages", "write-ahead logs"],
    },
  });
  return { receipt: seal(statement, at), digest: sha256(statement) };
}
