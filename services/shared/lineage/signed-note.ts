import { createHash, verify } from "node:crypto";
import { type PublishedKey, publicKeyOf } from "./signing-key.ts";
import { fromBase64 } from "./strict-base64.ts";

/** Ed25519 in C2SP's signed notes. */
const ALGORITHM = 1;
const KEY_HASH_BYTES = 4;

/** What a note's signature line calls a key: the start of a hash over name, algorithm and key. */
function keyHash(name: string, publicKey: Uint8Array): Buffer {
  const hash = createHash("sha256").update(`${name}\n`).update(Buffer.of(ALGORITHM)).update(publicKey);
  return hash.digest().subarray(0, KEY_HASH_BYTES);
}

/** A signed note (https://c2sp.org/signed-note): the text, an empty line, a line with name and signature. */
export function signedNote(text: string, name: string, publicKey: Uint8Array, signature: Uint8Array): string {
  const packed = Buffer.concat([keyHash(name, publicKey), signature]).toString("base64");
  return `${text}\n— ${name} ${packed}\n`;
}

export type OpenedNote = { readonly text: string; readonly key: PublishedKey };

/** The text of a note whose one signature is by one of the keys under this name; else `undefined`. */
export function openNote(note: string, name: string, keys: readonly PublishedKey[]): OpenedNote | undefined {
  const { text, signer, packed } = /^(?<text>.*\n)\n— (?<signer>\S+) (?<packed>\S+)\n$/s.exec(note)?.groups ?? {};
  if (text === undefined || packed === undefined || signer !== name) return undefined;
  const bytes = fromBase64(packed);
  if (!bytes) return undefined;
  const key = keys.find(({ x }) =>
    keyHash(name, Buffer.from(x, "base64url")).equals(bytes.subarray(0, KEY_HASH_BYTES)),
  );
  if (!key) return undefined;
  const signed = verify(null, Buffer.from(text), publicKeyOf(key), bytes.subarray(KEY_HASH_BYTES));
  return signed ? { text, key } : undefined;
}
