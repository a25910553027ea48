import type { AnswerStatement } from "./answer-statement.ts";
import { leafEntry } from "./append-leaf.ts";
import type { Bundle } from "./bundle.ts";
import { type OpenedCheckpoint, openCheckpoint } from "./checkpoint.ts";
import { type Finding, failed, ok, skipped } from "./finding.ts";
import { isConsistent, leafHash, rootFromInclusion } from "./merkle.ts";
import { isValidAt, type PublishedKey } from "./signing-key.ts";
import { fromBase64 } from "./strict-base64.ts";

/** A checkpoint of the same log from elsewhere, with the proof between the two where their sizes differ. */
export type KnownLog = { readonly checkpoint: string; readonly hashes: readonly string[] | undefined };

export function checkCheckpoint({ log }: Bundle, checkpoint: OpenedCheckpoint | undefined): Finding {
  if (!log) return skipped("The record has no place in the log yet. Fetch the file again in a minute.");
  if (!checkpoint) return failed("The checkpoint is not signed by a key of the set.");
  const { origin, size, at, key } = checkpoint;
  if (!isValidAt(key, at)) return failed(`The key ${key.kid} was not valid at ${new Date(at).toISOString()}.`);
  return ok(`${origin}, ${size} leaves, ${new Date(at).toISOString()}.`);
}

export function checkInclusion(
  { log }: Bundle,
  { predicate }: AnswerStatement,
  digest: string,
  checkpoint: OpenedCheckpoint | undefined,
): Finding {
  if (!log) return skipped("The record has no place in the log yet.");
  if (!checkpoint) return skipped("Without a checkpoint there is no log to be in.");
  const hashes = log.hashes.map(fromBase64);
  const leaf = leafHash(leafEntry({ id: predicate.runDetails.metadata.invocationId, kind: "answer", digest }));
  const whole = hashes.flatMap((hash) => (hash?.length === leaf.length ? [hash] : []));
  const root = rootFromInclusion(leaf, log.index, checkpoint.size, whole);
  if (whole.length < hashes.length || !root?.equals(checkpoint.root)) {
    return failed("The record is not in the log of the checkpoint, or not at this place.");
  }
  const before = predicate.buildDefinition.internalParameters.log;
  if (before && (before.origin !== checkpoint.origin || before.size > log.index)) {
    return failed("The record was made after another state of the log than this.");
  }
  return ok(`Leaf ${log.index} of ${checkpoint.size}.`);
}

export function checkConsistency(
  own: OpenedCheckpoint | undefined,
  keys: readonly PublishedKey[],
  known?: KnownLog,
): Finding {
  if (!known) return skipped("No other checkpoint of this log was given. Use --online, or --checkpoint FILE.");
  const other = openCheckpoint(known.checkpoint, keys);
  if (!own) return skipped("There is no checkpoint to compare.");
  if (!other) return failed("The other checkpoint is not signed by a key of the set.");
  if (own.origin !== other.origin) return failed(`The other checkpoint is of another log: ${other.origin}.`);
  const [older, newer] = own.size <= other.size ? [own, other] : [other, own];
  if (own.size !== other.size && !known.hashes) {
    return skipped("The other checkpoint has another size, and only the server can prove that it is the same log.");
  }
  const given = own.size === other.size ? [] : (known.hashes ?? []);
  const hashes = given.flatMap((hash) => fromBase64(hash) ?? []);
  if (isConsistent(older, newer, hashes)) return ok(`The log of ${older.size} leaves is the start of ${newer.size}.`);
  if (older.size === newer.size) return failed("Two heads of one size: the log was forked.");
  return failed("The smaller log is not the start of the larger one: it was changed or cut.");
}
