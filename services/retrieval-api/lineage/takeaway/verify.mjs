// Verifies an answer of Cairn without Cairn: one file, no dependencies, Node 20 or newer, or any browser with Ed25519.
//
//   curl -H "Authorization: Bearer KEY" http://HOST/v1/answers/ID/record > answer.json
//   node verify.mjs answer.json [--keys cairn-keys.json] [--checkpoint checkpoint.txt]
//
// In a page: const { verifyBundle } = await import("/.well-known/cairn-verify.mjs").
//
// Written apart from Cairn's own verifier, after the formats: in-toto Statement v1, DSSE, RFC 8785, RFC 9162, C2SP
// signed-note and tlog-checkpoint. Read it before you trust it; that is what it is short for.

/** What is checked, in order, with the exit code for the first that fails. */
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
};

const MAX_TAG_BYTES = 4096;
const STATEMENT_TYPE = "application/vnd.in-toto+json";
const PREDICATE_TYPE = "urn:cairn:lineage:answer:v1";
const HEX = /^[0-9a-f]{64}$/;

/**
 * @param {string} text the file
 * @param {{ keys?: object[], log?: { checkpoint: string, hashes?: string[] } }} [known] what you have from elsewhere: the
 *   published keys, a checkpoint you kept (with a consistency proof where its size differs)
 * @returns {Promise<{ ok: boolean, level: string | null, checks: { property: string, result: string, detail: string }[] }>}
 */
export async function verifyBundle(text, known = {}) {
  const bundle = readBundle(text);
  if (!bundle) return { ok: false, level: null, checks: [check("format", "failed", "This is no such file.")] };
  const keys = known.keys ?? bundle.keys;
  const payload = fromBase64(bundle.envelope.payload);
  const digest = payload && hex(await sha256(payload));
  const { statement, problem } = readStatement(payload);
  const checkpoint = bundle.log && (await openCheckpoint(bundle.log.checkpoint, keys));
  const expected = statement && projected(statement, digest, bundle.envelope.signatures[0]?.keyid ?? null);
  const level = levelOf(true, expected?.verification.attested === true, bundle.log !== null);
  const checks = [
    check("format", "ok", "The file has all its parts and nothing else."),
    await checkSignature(bundle.envelope, payload, keys),
    await checkKey(bundle.envelope, keys, statement),
    statement ? check("record", "ok", "In canonical form.") : check("record", "failed", problem),
    digest && bundle.tag.record?.digest === `sha256:${digest}`
      ? check("digest", "ok", `sha256:${digest}`)
      : check("digest", "failed", "The tag is the one of another record."),
    statement ? await checkOpenings(bundle.openings, statement) : unread("answer"),
    statement && digest ? checkTag(bundle, expected, level) : unread("tag"),
    checkCheckpoint(bundle.log, checkpoint),
    statement && digest ? await checkInclusion(bundle.log, checkpoint, statement, digest) : unread("inclusion"),
    await checkConsistency(checkpoint, known.log, keys),
  ];
  const ok = checks.every(({ result }) => result !== "failed");
  return { ok, level: ok ? level : null, checks };
}

/** 0, or the code of the first property that failed. */
export function exitCodeOf({ checks }) {
  const first = checks.find(({ result }) => result === "failed");
  return first ? PROPERTIES[first.property] : 0;
}

const check = (property, result, detail) => ({ property, result, detail });
const unread = (property) => check(property, "skipped", "The record cannot be read.");
const levelOf = (signed, attested, logged) => (!signed ? "L1" : attested && logged ? "L3" : "L2");

// --- the file -------------------------------------------------------------------------------------------------------

function readBundle(text) {
  try {
    const bundle = strictJson(text);
    return fits(bundle, BUNDLE) ? bundle : undefined;
  } catch {
    return undefined;
  }
}

const isText = (value) => typeof value === "string";
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isTime = (value) => isText(value) && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value;
const matches = (pattern) => (value) => isText(value) && pattern.test(value);
const orNull = (shape) => (value) => value === null || fits(value, shape);
const isOpening = (value) => value === "erased" || value === "withheld" || fits(value, OPENING);

const OPENING = { salt: matches(/^[0-9a-f]{32}$/), text: isText };
const KEY = {
  kid: matches(/^[\w-]{43}$/),
  kty: matches(/^OKP$/),
  crv: matches(/^Ed25519$/),
  x: matches(/^[\w-]{43}$/),
  valid_from: isTime,
  valid_until: orNull(isTime),
  self_signature: isText,
};
const BUNDLE = {
  format: matches(/^urn:cairn:lineage:bundle:v1$/),
  openings: { answer: isOpening, question: isOpening },
  tag: isObject,
  envelope: { payloadType: isText, payload: isText, signatures: [{ keyid: isText, sig: isText }] },
  keys: [KEY],
  log: orNull({ checkpoint: isText, index: isCount, hashes: [isText] }),
};

/** A shape is a test, a list of one shape, or an object with exactly these members. */
function fits(value, shape) {
  if (typeof shape === "function") return shape(value);
  if (Array.isArray(shape)) return Array.isArray(value) && value.every((one) => fits(one, shape[0]));
  const names = Object.keys(shape);
  if (!isObject(value) || Object.keys(value).length !== names.length) return false;
  return names.every((name) => Object.hasOwn(value, name) && fits(value[name], shape[name]));
}

function readStatement(payload) {
  if (!payload) return { problem: "The payload is not exact base64." };
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
    const statement = strictJson(text);
    if (canonical(statement) !== text) return { problem: "The record is not in canonical form." };
    const [subject, ...more] = statement.subject;
    const { buildDefinition, runDetails } = statement.predicate;
    const known =
      HEX.test(buildDefinition.externalParameters.question.sha256) &&
      isTime(runDetails.metadata.finishedOn) &&
      statement._type === "https://in-toto.io/Statement/v1" &&
      statement.predicateType === PREDICATE_TYPE &&
      more.length === 0 &&
      HEX.test(subject.digest.sha256);
    if (!known) return { problem: "The payload is no statement about an answer of Cairn." };
    projected(statement, "", null); // throws where a part is missing
    return { statement };
  } catch (error) {
    return { problem: `The record cannot be read: ${error.message}.` };
  }
}

/** JSON that two readers cannot understand differently. */
function strictJson(text) {
  const value = JSON.parse(text);
  const open = [];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === "{") open.push(new Set());
    else if (sign === "[") open.push(null);
    else if (sign === "}" || sign === "]") open.pop();
    else if (sign === '"') {
      let end = at + 1;
      while (text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
      const string = JSON.parse(text.slice(at, end + 1));
      // Half of a surrogate pair has no bytes in UTF-8, so it cannot be what was signed.
      if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(string)) {
        throw new SyntaxError("half a surrogate pair");
      }
      let next = end + 1;
      while (/\s/.test(text[next] ?? "")) next++;
      const keys = open.at(-1);
      if (keys && text[next] === ":") {
        if (string === "__proto__" || keys.has(string)) throw new SyntaxError(`the key ${string} twice, or forbidden`);
        keys.add(string);
      }
      at = end;
    }
  }
  return value;
}

/** RFC 8785: members by the UTF-16 units of their names, numbers and strings as ECMAScript writes them. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

// --- signature and keys ---------------------------------------------------------------------------------------------

async function checkSignature({ payloadType, signatures }, payload, keys) {
  const fails = (detail) => check("signature", "failed", detail);
  if (signatures.length !== 1) return fails("The record must have one signature.");
  if (payloadType !== STATEMENT_TYPE) return fails("The payload type is not the one of in-toto statements.");
  const [{ keyid, sig }] = signatures;
  const key = keys.find(({ kid }) => kid === keyid);
  if (!key) return check("signature", "skipped", "There is no key to check it with.");
  const signature = fromBase64(sig);
  // DSSE's pre-authentication encoding.
  const head = payload && utf8(`DSSEv1 ${utf8(payloadType).length} ${payloadType} ${payload.length} `);
  const good = payload && signature && (await isSigned(key, concat(head, payload), signature));
  return good
    ? check("signature", "ok", `Ed25519 by the key ${keyid}.`)
    : fails("The signature is not over this record.");
}

async function checkKey({ signatures }, keys, statement) {
  const fails = (detail) => check("key", "failed", detail);
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) return fails("A key is listed twice.");
  for (const key of keys) if (!(await isGenuine(key))) return fails(`The key ${key.kid} is not what it says it is.`);
  const key = keys.find(({ kid }) => kid === signatures[0]?.keyid);
  if (!key) return fails("The key of the signature is not in the set of keys.");
  if (!statement) return check("key", "skipped", "Without the record it is not known when the key signed.");
  const { finishedOn } = statement.predicate.runDetails.metadata;
  if (!isValidAt(key, Date.parse(finishedOn))) return fails(`The key was not valid at ${finishedOn}.`);
  return check("key", "ok", `Valid from ${key.valid_from} ${key.valid_until ? `until ${key.valid_until}` : "on"}.`);
}

/** Called by its thumbprint (RFC 7638), and signed by itself: nobody else can have moved its interval. */
async function isGenuine({ kid, kty, crv, x, valid_from, valid_until, self_signature }) {
  const thumbprint = base64url(await sha256(utf8(canonical({ crv, kty, x }))));
  const signature = fromBase64(self_signature);
  const said = `cairn-key/v1\n${canonical({ crv, kid, kty, valid_from, valid_until, x })}`;
  return kid === thumbprint && signature !== undefined && isSigned({ x }, utf8(said), signature);
}

function isValidAt({ valid_from, valid_until }, at) {
  return Date.parse(valid_from) <= at && (valid_until === null || at < Date.parse(valid_until));
}

async function isSigned({ x }, bytes, signature) {
  const raw = fromBase64(`${x.replaceAll("-", "+").replaceAll("_", "/")}=`);
  if (!raw) return false;
  try {
    const key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, bytes);
  } catch {
    return false; // no point of the curve
  }
}

// --- answer and tag -------------------------------------------------------------------------------------------------

async function checkOpenings({ answer, question }, { subject, predicate }) {
  const fails = (detail) => check("answer", "failed", detail);
  const [{ name, digest }] = subject;
  if (name !== `answer:${predicate.runDetails.metadata.invocationId}`)
    return fails("The record speaks of two answers.");
  const asked = predicate.buildDefinition.externalParameters.question;
  if (!(await opens(answer, digest.sha256))) return fails("The answer is not the one of the record.");
  if (!(await opens(question, asked.sha256))) return fails("The question is not the one of the record.");
  if (answer === "erased")
    return check("answer", "erased", "ERASED: the text was deleted for good; the record stands.");
  if (answer === "withheld") return check("answer", "skipped", "The text was withheld from whoever fetched this file.");
  return check("answer", "ok", "Question and answer are, to the byte, those of the record.");
}

/** A commitment is sha256 over 16 salt bytes and the text. */
async function opens(opening, expected) {
  if (isText(opening)) return true;
  const salt = Uint8Array.from(opening.salt.match(/../g), (pair) => Number.parseInt(pair, 16));
  return hex(await sha256(concat(salt, utf8(opening.text)))) === expected;
}

function checkTag({ tag, log }, expected, level) {
  const differing = [...new Set([...Object.keys(tag), ...Object.keys(expected)])].filter(
    (field) => canonical(comparable(field, tag[field])) !== canonical(comparable(field, expected[field])),
  );
  if (differing.length > 0) return check("tag", "failed", `Not what the record says: ${differing.join(", ")}.`);
  const { level: claimed, logged } = tag.verification;
  const honest = ["L1", "L2", "L3"].includes(claimed) && claimed <= level && (logged === false || log !== null);
  if (!honest) return check("tag", "failed", `It claims more than can be verified, which is ${level}.`);
  return check("tag", "ok", "All that the tag says is in the record.");
}

/** Level and place in the log came after the record. */
function comparable(field, value) {
  if (value === undefined) return null;
  if (field !== "verification" || !isObject(value)) return value;
  const { level, logged, ...rest } = value;
  return rest;
}

/** The tag that goes with a record. */
function projected({ predicate }, recordDigest, keyid) {
  const { outcome, buildDefinition, runDetails, model, claims } = predicate;
  const { externalParameters, internalParameters, resolvedDependencies } = buildDefinition;
  const { invocationId, startedOn, finishedOn } = runDetails.metadata;
  const parts = resolvedDependencies.filter(({ name }) => !name.startsWith("evidence:"));
  const { dense } = internalParameters;
  const embedder = dense?.outcome === "used" ? dense.model : null;
  const attested =
    parts.every(({ annotations }) => annotations.assurance === "attested") &&
    ["release", "prompt:answer", "code", "runtime"].every((name) => parts.some((part) => part.name === name)) &&
    [model, embedder].every((one) => one === null || one.assurance === "attested");
  const release = parts.find(({ name }) => name === "release");
  const cited = new Set(claims.map(({ marker }) => marker));
  const sources = resolvedDependencies
    .filter(({ name }) => name.startsWith("evidence:"))
    .map(({ name, digest, annotations: { document_id, version_id } }) => {
      const rank = Number(name.slice("evidence:".length));
      const use = cited.has(rank) ? "cited" : "in_context";
      return { rank, document_id, version_id, use, digest: `sha256:${digest.sha256}` };
    });
  const { generation, log } = internalParameters;
  const models = [
    ["chat", model],
    ["embed", embedder],
  ]
    .filter(([, one]) => one !== null)
    .map(([role, one]) => ({
      role,
      model: one.model,
      upstream: one.upstream,
      assurance: one.assurance,
      ...(one.digest && { digest: `sha256:${one.digest.sha256}` }),
    }));
  const build = (shown, claimed) => ({
    id: invocationId,
    outcome,
    conversation_id: externalParameters.conversation_id,
    started_at: startedOn,
    finished_at: finishedOn,
    digital_source_type: "trainedAlgorithmicMedia",
    release: { name: release?.annotations.title ?? null, digest: `sha256:${release?.digest.sha256}` },
    models,
    index: { generation, log: log && { size: log.size, root: log.root } },
    sources: shown,
    ...(shown.length < sources.length && { sources_omitted: sources.length - shown.length }),
    claims: claimed.map(({ answer, marker }) => ({ start: answer.start, end: answer.end, source: marker })),
    ...(claimed.length < claims.length && { claims_omitted: claims.length - claimed.length }),
    record: { digest: `sha256:${recordDigest}`, url: `/v1/answers/${invocationId}/record` },
    verification: {
      level: levelOf(keyid !== null, attested, false),
      algorithm: keyid === null ? null : "Ed25519",
      keyid,
      signed: keyid !== null,
      attested,
      logged: false,
    },
  });
  // A tag has 4 KB: first claims, then uncited and at last cited sources are counted instead of listed.
  const [shown, claimed] = [[...sources], [...claims]];
  while (shown.length > 0 && utf8(JSON.stringify(build(shown, claimed))).length > MAX_TAG_BYTES) {
    if (claimed.pop()) continue;
    const uncited = shown.map(({ use }) => use).lastIndexOf("in_context");
    shown.splice(uncited >= 0 ? uncited : shown.length - 1, 1);
  }
  return build(shown, claimed);
}

// --- the log --------------------------------------------------------------------------------------------------------

/** A C2SP checkpoint that one of the keys has signed: origin, size, root, time. */
async function openCheckpoint(note, keys) {
  const [, text, name, packed] = /^(.*\n)\n— (\S+) (\S+)\n$/s.exec(note) ?? [];
  const signature = packed && fromBase64(packed);
  const [origin, size, root, time, end, ...more] = text?.split("\n") ?? [];
  if (!signature || origin !== name || end !== "" || more.length > 0) return undefined;
  if (!/^(0|[1-9]\d{0,14})$/.test(size) || fromBase64(root)?.length !== 32) return undefined;
  if (!time.startsWith("time ") || !isTime(time.slice(5))) return undefined;
  for (const key of keys) {
    const raw = fromBase64(`${key.x.replaceAll("-", "+").replaceAll("_", "/")}=`);
    if (!raw) continue;
    const hash = (await sha256(concat(utf8(`${name}\n`), Uint8Array.of(1), raw))).slice(0, 4);
    if (hex(hash) !== hex(signature.slice(0, 4))) continue;
    if (!(await isSigned(key, utf8(text), signature.slice(4)))) return undefined;
    return { origin, size: Number(size), root: hex(fromBase64(root)), at: Date.parse(time.slice(5)), key };
  }
  return undefined;
}

function checkCheckpoint(log, checkpoint) {
  if (!log) return check("checkpoint", "skipped", "The record has no place in the log yet.");
  if (!checkpoint) return check("checkpoint", "failed", "The checkpoint is not signed by a key of the set.");
  const { origin, size, at, key } = checkpoint;
  const time = new Date(at).toISOString();
  if (!isValidAt(key, at)) return check("checkpoint", "failed", `The key ${key.kid} was not valid at ${time}.`);
  return check("checkpoint", "ok", `${origin}, ${size} leaves, ${time}.`);
}

async function checkInclusion(log, checkpoint, { predicate }, digest) {
  if (!log) return check("inclusion", "skipped", "The record has no place in the log yet.");
  if (!checkpoint) return check("inclusion", "skipped", "Without a checkpoint there is no log to be in.");
  const id = predicate.runDetails.metadata.invocationId;
  const entry = canonical({ digest: `sha256:${digest}`, id, kind: "answer" });
  const path = log.hashes.map(fromBase64);
  const leaf = await sha256(concat(Uint8Array.of(0), utf8(entry)));
  const root = path.every((hash) => hash?.length === 32) && (await climb(leaf, log.index, checkpoint.size, path));
  if (root !== checkpoint.root)
    return check("inclusion", "failed", "The record is not in the log, or not at this place.");
  const before = predicate.buildDefinition.internalParameters.log;
  if (before && (before.origin !== checkpoint.origin || before.size > log.index)) {
    return check("inclusion", "failed", "The record was made after another state of the log than this.");
  }
  return check("inclusion", "ok", `Leaf ${log.index} of ${checkpoint.size}.`);
}

/** The root above a leaf (RFC 9162, 2.1.3.2), in hex. */
async function climb(leaf, index, size, path) {
  if (index >= size) return undefined;
  let [node, last, hash] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) return undefined;
    if (node & 1n || node === last) {
      hash = await parent(sibling, hash);
      while (!(node & 1n) && node !== 0n) [node, last] = [node >> 1n, last >> 1n];
    } else hash = await parent(hash, sibling);
    [node, last] = [node >> 1n, last >> 1n];
  }
  return last === 0n ? hex(hash) : undefined;
}

async function checkConsistency(own, known, keys) {
  if (!known) return check("consistency", "skipped", "No other checkpoint of this log was given.");
  if (!own) return check("consistency", "skipped", "There is no checkpoint to compare.");
  const other = await openCheckpoint(known.checkpoint, keys);
  const fails = (detail) => check("consistency", "failed", detail);
  if (!other) return fails("The other checkpoint is not signed by a key of the set.");
  if (own.origin !== other.origin) return fails(`The other checkpoint is of another log: ${other.origin}.`);
  if (own.size === other.size) {
    if (own.root === other.root) return check("consistency", "ok", "The same log.");
    return fails("Two heads of one size: the log was forked.");
  }
  if (!known.hashes) return check("consistency", "skipped", "There is no proof between two checkpoints of two sizes.");
  const [older, newer] = own.size < other.size ? [own, other] : [other, own];
  if (await isPrefix(older, newer, known.hashes.map(fromBase64))) {
    return check("consistency", "ok", `The log of ${older.size} leaves is the start of ${newer.size}.`);
  }
  return fails("The smaller log is not the start of the larger one: it was changed or cut.");
}

/** RFC 9162, 2.1.4.2. */
async function isPrefix(older, newer, proof) {
  if (proof.some((hash) => hash?.length !== 32)) return false;
  let [node, last] = [BigInt(older.size) - 1n, BigInt(newer.size) - 1n];
  const powerOfTwo = ((node + 1n) & node) === 0n;
  while (node & 1n) [node, last] = [node >> 1n, last >> 1n];
  const [first, ...rest] = powerOfTwo ? [bytesOfHex(older.root), ...proof] : proof;
  if (!first) return false;
  let [old, grown] = [first, first];
  for (const hash of rest) {
    if (last === 0n) return false;
    if (node & 1n || node === last) {
      [old, grown] = [await parent(hash, old), await parent(hash, grown)];
      while (!(node & 1n) && node !== 0n) [node, last] = [node >> 1n, last >> 1n];
    } else grown = await parent(grown, hash);
    [node, last] = [node >> 1n, last >> 1n];
  }
  return last === 0n && hex(old) === older.root && hex(grown) === newer.root;
}

const parent = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

// --- bytes ----------------------------------------------------------------------------------------------------------

const utf8 = (text) => new TextEncoder().encode(text);
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOfHex = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));

function concat(...pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Only exactly as base64 writes the bytes: spare bits would let a text be changed unseen. */
function fromBase64(text) {
  try {
    const binary = atob(text);
    return btoa(binary) === text ? Uint8Array.from(binary, (sign) => sign.charCodeAt(0)) : undefined;
  } catch {
    return undefined;
  }
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

// --- the command line -----------------------------------------------------------------------------------------------

async function main(args) {
  const { readFile } = await import("node:fs/promises");
  const optionOf = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const options = ["--keys", "--checkpoint"];
  const file = args.find((arg, at) => !arg.startsWith("--") && !options.includes(args[at - 1]));
  if (file === undefined) {
    console.error("Usage: node verify.mjs FILE [--keys cairn-keys.json] [--checkpoint checkpoint.txt]");
    return 2;
  }
  const known = {};
  const [keys, checkpoint] = [optionOf("--keys"), optionOf("--checkpoint")];
  if (keys) known.keys = JSON.parse(await readFile(keys, "utf8")).keys.filter((key) => fits(key, KEY));
  if (checkpoint) known.log = { checkpoint: await readFile(checkpoint, "utf8") };
  const result = await verifyBundle(new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file)), known);
  for (const { property, result: found, detail } of result.checks) {
    console.log(`${found.padEnd(8)} ${property.padEnd(12)} ${detail.replaceAll(/\p{Cc}/gu, " ")}`);
  }
  console.log(result.ok ? `VERIFIED, level ${result.level}` : "NOT VERIFIED");
  if (!keys) console.log("The keys came with the file. Compare them with /.well-known/cairn-keys.json of the server.");
  return exitCodeOf(result);
}

if (globalThis.process?.argv?.[1] !== undefined) {
  const { pathToFileURL } = await import("node:url");
  const { realpathSync } = await import("node:fs");
  if (import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
    main(process.argv.slice(2)).then(
      (code) => {
        process.exitCode = code;
      },
      (error) => {
        console.error(error.message);
        process.exitCode = 1;
      },
    );
  }
}
