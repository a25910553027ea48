import { type KeyObject, sign } from "node:crypto";
import { stat } from "node:fs/promises";
import { z } from "zod";
import { readIfThere, replaceSecret, writeOnce } from "../write-once.ts";
import { type Envelope, preAuthEncoding, STATEMENT_TYPE } from "./dsse.ts";
import {
  endedAt,
  isGenuine,
  isValidAt,
  newSigningKey,
  type PublishedKey,
  privateKeyOf,
  type SigningKey,
  signingKeySchema,
} from "./signing-key.ts";

/** How long a key that is rotated out may still sign: other replicas need a moment to hear of the new one. */
const OVERLAP_MS = 5 * 60_000;

const fileSchema = z.strictObject({ keys: z.array(signingKeySchema).min(1) });

export type Signature = { readonly kid: string; readonly signature: Uint8Array };

/** The keys that records, checkpoints and receipts are signed with. */
export type KeyRing = {
  /** Every key there ever was, without private halves, oldest first. */
  published(): readonly PublishedKey[];
  /** Signs with the newest key that is valid at `at`; `undefined` when none is. */
  sign(bytes: Uint8Array, at: number): Signature | undefined;
  /** A DSSE envelope around an in-toto statement; without signatures when no key is valid at `at`. */
  seal(statement: string, at: number): Envelope;
  /** Makes a new key, ends the others a few minutes later, and resolves to the new one. */
  rotate(at: number): Promise<PublishedKey>;
  /** Reads the file again if it was changed, by another replica or by whoever looks after the secret. */
  refresh(): Promise<void>;
};

type Held = { readonly key: SigningKey; readonly secret: KeyObject | undefined };

/**
 * Opens the file that holds the keys, made with one key when it is missing. Rejects with a sentence when it holds
 * anything else: signing with a key that nobody can check would be worse than to stop.
 */
export async function openKeyRing(path: string, now: () => number = Date.now): Promise<KeyRing> {
  let text = (await readIfThere(path)) ?? (await writeOnce(path, toText([newSigningKey(now())])));
  let held = parse(path, text);
  let changedAt = await changeOf(path);
  if (!held.some(({ key, secret }) => secret && isValidAt(key, now()))) {
    throw new Error(`${path} has no key that may sign now. Add one: ./cairn keys rotate-signing --file ${path}`);
  }

  function take(next: string): void {
    held = parse(path, next);
    text = next;
  }

  function signWith(bytes: Uint8Array, at: number): Signature | undefined {
    const found = held.findLast(({ key, secret }) => secret && isValidAt(key, at));
    return found && { kid: found.key.kid, signature: sign(null, bytes, found.secret!) };
  }

  return {
    published: () => held.map(({ key: { d, ...published } }) => published),
    sign: signWith,
    seal(statement, at) {
      const body = Buffer.from(statement);
      const made = signWith(preAuthEncoding(STATEMENT_TYPE, body), at);
      const signatures = made ? [{ keyid: made.kid, sig: Buffer.from(made.signature).toString("base64") }] : [];
      return { payloadType: STATEMENT_TYPE, payload: body.toString("base64"), signatures };
    },
    async rotate(at) {
      const next = await rotateFile(path, at);
      take((await readIfThere(path)) ?? text);
      changedAt = await changeOf(path);
      return next;
    },
    async refresh() {
      const change = await changeOf(path);
      if (change === changedAt) return;
      const next = await readIfThere(path);
      if (next !== undefined && next !== text) take(next);
      changedAt = change;
    },
  };
}

/** Adds a key to the file (made where it is missing) and ends the ones before. Resolves to the new key. */
export async function rotateFile(path: string, at: number): Promise<PublishedKey> {
  const known = await readIfThere(path);
  const { d, ...published } = newSigningKey(at);
  const kept = (known === undefined ? [] : parse(path, known)).map(({ key, secret }) => {
    if (secret === undefined) return key;
    const ended = key.valid_until === null ? endedAt(key, at + OVERLAP_MS) : key;
    if (isValidAt(ended, at)) return ended;
    // What may not sign any more should not be there to be stolen.
    const { d: dropped, ...rest } = ended;
    return rest;
  });
  try {
    await replaceSecret(path, toText([...kept, { ...published, d: d! }]));
  } catch (cause) {
    throw new Error(`The signing keys ${path} cannot be written. Rotate them where the secret comes from.`, { cause });
  }
  return published;
}

function parse(path: string, text: string): Held[] {
  const { keys } = checkedFile(path, text);
  const forged = keys.find((key) => !isGenuine(key));
  if (forged) throw new Error(`${path}: the key ${forged.kid} is not signed by itself as it stands there.`);
  return keys.map((key) => ({ key, secret: privateKeyOf(key) }));
}

function checkedFile(path: string, text: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(
      `${path} does not hold signing keys. Restore it from a backup: without it, records stay valid, but what signs ` +
        `new ones is another installation to everybody who checks. Nothing was changed.`,
      { cause },
    );
  }
}

const toText = (keys: readonly SigningKey[]): string => `${JSON.stringify({ keys }, null, 2)}\n`;

async function changeOf(path: string): Promise<string> {
  const { mtimeMs, ino } = await stat(path);
  return `${ino}:${mtimeMs}`;
}
