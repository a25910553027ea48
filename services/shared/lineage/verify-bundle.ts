import { verify } from "node:crypto";
import { canonicalJson, commitment, sha256 } from "../digest.ts";
import { type AnswerStatement, answerStatementSchema, isAttested } from "./answer-statement.ts";
import { type Bundle, bundleSchema } from "./bundle.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { preAuthEncoding, STATEMENT_TYPE } from "./dsse.ts";
import { type Finding, failed, ok, skipped } from "./finding.ts";
import { isGenuine, isValidAt, type PublishedKey, publicKeyOf } from "./signing-key.ts";
import { fromBase64 } from "./strict-base64.ts";
import { parseStrictJson } from "./strict-json.ts";
import { type Level, levelOf, projectTag } from "./tag.ts";
import { checkCheckpoint, checkConsistency, checkInclusion, type KnownLog } from "./verify-log.ts";

/** What is checked, in order, with the exit code of the command line when it is the first that fails. */
export const PROPERTIES = {
  format: 10,
  signature: 11,
  key: 12,
  record: 13,
  digest: 14,
  answer: 15,
  tag: 16,
  checkpoint: 17,
  inclusion: 18,
  consistency: 19,
  code: 20,
} as const;
export type Property = keyof typeof PROPERTIES;

export type Check = {
  readonly property: Property;
  readonly result: Finding[0];
  /** A sentence for people. */
  readonly detail: string;
};

export type Verification = {
  readonly ok: boolean;
  /** The level that these checks bear out; `null` when one failed. */
  readonly level: Level | null;
  readonly checks: readonly Check[];
  /** What the file says; `undefined` where it cannot be read. */
  readonly statement: AnswerStatement | undefined;
  readonly bundle: Bundle | undefined;
};

/** What the verifier knows beside the file. */
export type Known = {
  /** Keys from a source that is trusted more than the file. */
  readonly keys?: readonly PublishedKey[];
  /** A checkpoint of the same log from elsewhere, with the proof between the two where their sizes differ. */
  readonly log?: KnownLog;
  /** sha256 of the code that the answer should have been made with. */
  readonly code?: string;
};

/** Verifies the file of `GET /v1/answers/{id}/record`, given as text. Never throws for what it is given. */
export function verifyBundle(text: string, known: Known = {}): Verification {
  const bundle = readBundle(text);
  if (!bundle) {
    const [result, detail] = failed("This is no file of GET /v1/answers/{id}/record, or it was damaged.");
    return { ok: false, level: null, checks: [{ property: "format", result, detail }], statement: undefined, bundle };
  }
  const keys = known.keys ?? bundle.keys;
  const payload = fromBase64(bundle.envelope.payload);
  const { statement, problem } = readStatement(payload);
  const digest = payload && sha256(payload);
  const checkpoint = bundle.log ? openCheckpoint(bundle.log.checkpoint, keys) : undefined;
  const unread = skipped("The record cannot be read.");
  const level = levelOf({
    signed: true,
    attested: statement !== undefined && isAttested(statement),
    logged: bundle.log !== null,
  });
  const findings: [Property, Finding][] = [
    ["format", ok("The file has all its parts and nothing else.")],
    ["signature", checkSignature(bundle, payload, keys)],
    ["key", checkKey(bundle, keys, statement)],
    ["record", statement ? ok("An in-toto statement in canonical form.") : failed(problem)],
    ["digest", digest && bundle.tag.record ? checkDigest(bundle, digest) : failed("The tag names no record.")],
    ["answer", statement ? checkOpenings(bundle, statement) : unread],
    ["tag", statement && digest ? checkTag(bundle, statement, digest, level) : unread],
    ["checkpoint", checkCheckpoint(bundle, checkpoint)],
    ["inclusion", statement && digest ? checkInclusion(bundle, statement, digest, checkpoint) : unread],
    ["consistency", checkConsistency(checkpoint, keys, known.log)],
    ...(known.code === undefined ? [] : [["code", checkCode(statement, known.code)] as [Property, Finding]]),
  ];
  const good = findings.every(([, [result]]) => result !== "failed");
  const checks = findings.map(([property, [result, detail]]) => ({ property, result, detail }));
  return { ok: good, level: good ? level : null, checks, statement, bundle };
}

/** The exit code of a verification: 0, or the one of the first property that failed. */
export function exitCodeOf({ checks }: Verification): number {
  const first = checks.find(({ result }) => result === "failed");
  return first ? PROPERTIES[first.property] : 0;
}

function readBundle(text: string): Bundle | undefined {
  try {
    return bundleSchema.safeParse(parseStrictJson(text)).data;
  } catch {
    return undefined;
  }
}

function readStatement(payload: Buffer | undefined): { statement?: AnswerStatement; problem: string } {
  if (!payload) return { problem: "The payload is not exact base64." };
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
    const value = parseStrictJson(text);
    const parsed = answerStatementSchema.safeParse(value);
    if (!parsed.success) return { problem: "The payload is no statement about an answer of Cairn." };
    // The only form in which a repeated key, another number format or another order cannot hide.
    if (canonicalJson(parsed.data) !== text) return { problem: "The record is not in canonical form." };
    return { statement: parsed.data, problem: "" };
  } catch (error) {
    return { problem: `The record cannot be read: ${(error as Error).message}.` };
  }
}

function checkSignature({ envelope }: Bundle, payload: Buffer | undefined, keys: readonly PublishedKey[]): Finding {
  const [signature, ...more] = envelope.signatures;
  if (!signature || more.length > 0) return failed("The record must have one signature.");
  if (envelope.payloadType !== STATEMENT_TYPE) return failed("The payload type is not the one of in-toto statements.");
  const key = keys.find(({ kid }) => kid === signature.keyid);
  if (!key) return skipped("There is no key to check it with.");
  const bytes = fromBase64(signature.sig);
  const signed =
    payload && bytes && verify(null, preAuthEncoding(envelope.payloadType, payload), publicKeyOf(key), bytes);
  if (!signed) return failed("The signature is not over this record.");
  return ok(`Ed25519 by the key ${key.kid}.`);
}

function checkKey({ envelope }: Bundle, keys: readonly PublishedKey[], statement?: AnswerStatement): Finding {
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) return failed("A key is listed twice.");
  const forged = keys.find((key) => !isGenuine(key));
  if (forged) return failed(`The key ${forged.kid} is not the one that it says it is.`);
  const key = keys.find(({ kid }) => kid === envelope.signatures[0]?.keyid);
  if (!key) return failed("The key of the signature is not in the set of keys.");
  if (!statement) return skipped("Without the record it is not known when the key signed.");
  const { finishedOn } = statement.predicate.runDetails.metadata;
  if (!isValidAt(key, Date.parse(finishedOn))) return failed(`The key was not valid at ${finishedOn}.`);
  return ok(`Valid from ${key.valid_from} ${key.valid_until ? `until ${key.valid_until}` : "on"}.`);
}

function checkDigest({ tag }: Bundle, digest: string): Finding {
  const named = (tag.record as { digest?: unknown }).digest;
  return named === `sha256:${digest}` ? ok(`sha256:${digest}.`) : failed("The tag is the one of another record.");
}

function checkOpenings({ openings }: Bundle, { subject, predicate }: AnswerStatement): Finding {
  const { answer, question } = openings;
  if (subject[0].name !== `answer:${predicate.runDetails.metadata.invocationId}`) {
    return failed("The record speaks of two answers.");
  }
  const commitments = [
    ["answer", answer, subject[0].digest.sha256],
    ["question", question, predicate.buildDefinition.externalParameters.question.sha256],
  ] as const;
  for (const [what, opened, expected] of commitments) {
    if (typeof opened === "string") continue;
    if (commitment(opened.salt, opened.text) !== expected) return failed(`The ${what} is not the one of the record.`);
  }
  if (answer === "erased") return ["erased", "ERASED: the text was deleted for good; the record stands."];
  if (answer === "withheld") return skipped("The text was withheld from whoever fetched this file.");
  return ok("Question and answer are, to the byte, those of the record.");
}

function checkTag({ tag, envelope, log }: Bundle, statement: AnswerStatement, digest: string, level: Level): Finding {
  const expected: Bundle["tag"] = projectTag(statement, digest, envelope.signatures[0]?.keyid ?? null);
  const differing = [...new Set([...Object.keys(tag), ...Object.keys(expected)])].filter(
    (field) => !sameJson(comparable(field, tag[field]), comparable(field, expected[field])),
  );
  if (differing.length > 0) return failed(`Not what the record says: ${differing.join(", ")}.`);
  const { level: claimed, logged } = tag.verification as { level: unknown; logged: unknown };
  const honest = LEVELS.some((one) => one === claimed && one <= level) && (logged === false || log !== null);
  if (!honest) return failed(`It claims more than can be verified, which is ${level}.`);
  return ok("All that the tag says is in the record.");
}

const LEVELS: readonly Level[] = ["L1", "L2", "L3"];

/** Level and place in the log are held against what was verified, not against the record, which is older than both. */
function comparable(field: string, value: unknown): unknown {
  if (field !== "verification" || typeof value !== "object" || value === null) return value;
  const { level, logged, ...rest } = value as Record<string, unknown>;
  return rest;
}

const sameJson = (a: unknown, b: unknown): boolean =>
  canonicalJson({ v: a ?? null }) === canonicalJson({ v: b ?? null });

function checkCode(statement: AnswerStatement | undefined, expected: string): Finding {
  const parts = statement?.predicate.buildDefinition.resolvedDependencies ?? [];
  const code = parts.find(({ name }) => name === "code")?.digest.sha256;
  if (code === expected) return ok("The answer was made with the code that is here.");
  return failed(`The answer was made with other code than what is here: sha256:${code}.`);
}
