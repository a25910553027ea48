import type { Database, Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { BUNDLE_FORMAT, type Bundle } from "#shared/lineage/bundle.ts";
import { openCheckpoint } from "#shared/lineage/checkpoint.ts";
import { type Envelope, STATEMENT_TYPE } from "#shared/lineage/dsse.ts";
import { publishedKeys } from "#shared/lineage/published-keys.ts";
import type { PublishedKey } from "#shared/lineage/signing-key.ts";
import { proveConsistency, proveInclusion } from "#shared/lineage/tenant-log.ts";
import type { KnownLog } from "#shared/lineage/verify-log.ts";
import type { Principal } from "#shared/principal.ts";
import { pastAnswer } from "../answer/past-answer.ts";

type Kept = {
  readonly record: string;
  readonly signatures: string | null;
  readonly tag: string;
  readonly salts: string;
  readonly content: string;
  readonly question: string;
};

/**
 * Everything that somebody needs to verify an answer without this server. Rejects with `not_found` for answers that the
 * principal may not see; texts that they may not read now are named as withheld.
 */
export async function loadBundle(db: Database, principal: Principal, id: string): Promise<Bundle> {
  const { withheld } = await pastAnswer(db, principal, id);
  const kept = await db.get<Kept>(
    `select l.record, l.signatures, a.tag, a.salts, a.content, a.question
     from lineage_record l join answer a on a.id = l.answer_id where a.id = $1 and a.tenant = $2`,
    [id, principal.tenant],
  );
  if (!kept) throw new AppError("not_found", "There is no record of such an answer.");
  const salts = JSON.parse(kept.salts) as { readonly answer?: string; readonly question?: string };
  const opened = (salt: string | undefined, text: string, closed = false) =>
    salt === undefined ? "erased" : closed ? "withheld" : { salt, text };
  const signatures = JSON.parse(kept.signatures ?? "[]") as Envelope["signatures"][number][];
  const log = (await proveInclusion(db, principal.tenant, id)) ?? null;
  const known = await publishedKeys(db);
  const used = new Set([
    ...signatures.map(({ keyid }) => keyid),
    log && openCheckpoint(log.checkpoint, known)?.key.kid,
  ]);
  return {
    format: BUNDLE_FORMAT,
    openings: {
      answer: opened(salts.answer, kept.content, withheld),
      question: opened(salts.question, kept.question),
    },
    tag: JSON.parse(kept.tag) as Bundle["tag"],
    envelope: {
      payloadType: STATEMENT_TYPE,
      payload: Buffer.from(kept.record).toString("base64"),
      signatures,
    },
    keys: known.filter(({ kid }) => used.has(kid)),
    log,
  };
}

/** The oldest checkpoint of the log, with the proof that the one of the bundle grew from it. */
export async function firstCheckpoint(
  sql: Sql,
  tenant: string,
  { log }: Bundle,
  keys: readonly PublishedKey[],
): Promise<{ log?: KnownLog }> {
  const own = log && openCheckpoint(log.checkpoint, keys);
  const first = await sql.get<{ size: number; checkpoint: string }>(
    "select size, checkpoint from log_checkpoint where tenant = $1 order by size limit 1",
    [tenant],
  );
  if (!own || !first) return {};
  const hashes = await proveConsistency(sql, tenant, Number(first.size), own.size);
  return { log: { checkpoint: first.checkpoint, hashes } };
}
