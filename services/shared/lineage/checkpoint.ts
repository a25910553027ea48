import type { KeyRing } from "./key-ring.ts";
import type { Hash } from "./merkle.ts";
import { openNote, signedNote } from "./signed-note.ts";
import type { PublishedKey } from "./signing-key.ts";
import { fromBase64 } from "./strict-base64.ts";

/** The state of a log at a moment: so many leaves, this root. */
export type Checkpoint = {
  /** Names the log: installation and tenant. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
  /** Milliseconds. In the signed text as an extension line: a key's interval can be held against it. */
  readonly at: number;
};

const HASH_BYTES = 32;

/** A checkpoint as https://c2sp.org/tlog-checkpoint has it. `undefined` when no key is valid at its time. */
export function signCheckpoint(ring: KeyRing, { origin, size, root, at }: Checkpoint): string | undefined {
  const text = `${origin}\n${size}\n${root.toString("base64")}\ntime ${new Date(at).toISOString()}\n`;
  const made = ring.sign(Buffer.from(text), at);
  const key = made && ring.published().find(({ kid }) => kid === made.kid);
  return key && signedNote(text, origin, Buffer.from(key.x, "base64url"), made.signature);
}

export type OpenedCheckpoint = Checkpoint & { readonly key: PublishedKey };

/** The checkpoint and its key, where one of the keys has signed exactly this. Its time is not held against the key. */
export function openCheckpoint(note: string, keys: readonly PublishedKey[]): OpenedCheckpoint | undefined {
  const name = note.slice(0, Math.max(0, note.indexOf("\n")));
  const opened = openNote(note, name, keys);
  const [origin = "", size = "", hash = "", time = "", end, ...more] = opened?.text.split("\n") ?? [];
  if (!opened || end !== "" || more.length > 0 || !/^(0|[1-9]\d{0,14})$/.test(size)) return undefined;
  const root = fromBase64(hash);
  const at = Date.parse(time.slice("time ".length));
  if (root?.length !== HASH_BYTES) return undefined;
  if (Number.isNaN(at) || time !== `time ${new Date(at).toISOString()}`) return undefined;
  return { origin, size: Number(size), root, at, key: opened.key };
}
