import { createHash, randomBytes } from "node:crypto";
import canonicalize from "canonicalize";

export const SALT_BYTES = 16;

/** In hex; a string is hashed as UTF-8. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** sha256 of the RFC 8785 form: the content id of a JSON object. */
export function digestOfJson(value: object): string {
  return sha256(canonicalJson(value));
}

/** The RFC 8785 form. Throws for what has none: `undefined`, functions, half a surrogate pair. */
export function canonicalJson(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error("This value has no canonical JSON");
  return text;
}

/** 16 random bytes in hex. It lives beside its content and dies with it. */
export const newSalt = (): string => randomBytes(SALT_BYTES).toString("hex");

/** sha256(salt ‖ content): says what the content was without giving it away, and stays valid after erasure. */
export function commitment(saltHex: string, content: string | Uint8Array): string {
  return createHash("sha256").update(Buffer.from(saltHex, "hex")).update(content).digest("hex");
}
