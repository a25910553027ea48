import { sha256 } from "#shared/digest.ts";
import type { NewDocument } from "./accept.ts";
import { blobsOf, originalOf, type Store } from "./document-row.ts";

/** A version before its rows exist. `store` writes the bytes once, however often it is called. */
export type Draft = {
  readonly input: NewDocument;
  readonly digest: string;
  readonly versionId: string;
  readonly store: () => Promise<void>;
  readonly stored: () => boolean;
};

/** Gives the version its id and digest; nothing is stored yet. */
export function draftOf({ blobs, newId }: Store, input: NewDocument): Draft {
  const versionId = newId();
  let stored: Promise<void> | undefined;
  return {
    input,
    versionId,
    digest: sha256(input.bytes),
    stored: () => stored !== undefined,
    store: () => {
      stored ??= blobs.put(originalOf(input.tenant, versionId), input.bytes);
      return stored;
    },
  };
}

/** Removes the bytes of versions that never came to be. Never rejects: what stays is only unused space. */
export async function discard({ blobs }: Store, drafts: readonly Draft[]): Promise<void> {
  const stored = drafts.filter((draft) => draft.stored());
  await Promise.allSettled(stored.map(({ input, versionId }) => blobs.remove(blobsOf(input.tenant, versionId))));
}

/** After a failed commit the outcome is unknown: only what the database does not have may lose its bytes. */
export async function unacknowledged({ db }: Store, drafts: readonly Draft[]): Promise<Draft[]> {
  const absent: Draft[] = [];
  for (const draft of drafts) {
    const row = await db.get("select id from document_version where id = $1", [draft.versionId]).catch(() => "unknown");
    if (row === undefined) absent.push(draft);
  }
  return absent;
}
