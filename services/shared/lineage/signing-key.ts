import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { canonicalJson, sha256 } from "../digest.ts";
import { fromBase64 } from "./strict-base64.ts";

const base64url = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/**
 * A published key: a JWK (RFC 8037) with its interval. It signs its own description, so that nobody but its holder can
 * move the interval.
 */
export const publishedKeySchema = z.strictObject({
  /** The JWK's thumbprint (RFC 7638): a key under another key's name is found out. */
  kid: base64url,
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  /** 32 bytes in base64url. */
  x: base64url,
  valid_from: z.iso.datetime({ precision: 3 }),
  /** `null` until the key is rotated out. Records from later than this are not to be believed. */
  valid_until: z.iso.datetime({ precision: 3 }).nullable(),
  /** Over `keyStatement`, in base64. */
  self_signature: z.string(),
});
export type PublishedKey = z.infer<typeof publishedKeySchema>;

/** As it is kept: with the private half for as long as it may sign. */
export const signingKeySchema = publishedKeySchema.extend({ d: base64url.optional() });
export type SigningKey = z.infer<typeof signingKeySchema>;

type Described = Omit<PublishedKey, "self_signature">;

/** The bytes that a key signs about itself. The first line keeps them apart from everything else that keys sign. */
export function keyStatement({ kid, kty, crv, x, valid_from, valid_until }: Described): Buffer {
  return Buffer.from(`cairn-key/v1\n${canonicalJson({ crv, kid, kty, valid_from, valid_until, x })}`);
}

export const thumbprint = (x: string): string =>
  Buffer.from(sha256(canonicalJson({ crv: "Ed25519", kty: "OKP", x })), "hex").toString("base64url");

/** Who verifies one record of an installation soon verifies the next one: its keys are read and checked once. */
const opened = new LRUCache<string, KeyObject>({ max: 1000 });
const genuine = new LRUCache<string, boolean>({ max: 1000 });

export function publicKeyOf({ kty, crv, x }: Described): KeyObject {
  const key = opened.get(x) ?? createPublicKey({ key: { kty, crv, x }, format: "jwk" });
  opened.set(x, key);
  return key;
}

export const privateKeyOf = ({ kty, crv, x, d }: SigningKey): KeyObject | undefined =>
  d === undefined ? undefined : createPrivateKey({ key: { kty, crv, x, d }, format: "jwk" });

/** A new key, good from `at` (milliseconds) until it is rotated out. */
export function newSigningKey(at: number): SigningKey {
  const { x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const described = { kid: thumbprint(x!), kty: "OKP", crv: "Ed25519", x: x!, valid_from: timeOf(at) } as const;
  return selfSigned({ ...described, valid_until: null, d: d! });
}

/** The same key with an end. Throws when its private half is gone. */
export const endedAt = (key: SigningKey, at: number): SigningKey => selfSigned({ ...key, valid_until: timeOf(at) });

function selfSigned(key: Omit<SigningKey, "self_signature">): SigningKey {
  const secret = privateKeyOf({ ...key, self_signature: "" });
  if (!secret) throw new Error(`The signing key ${key.kid} has no private half any more.`);
  return { ...key, self_signature: sign(null, keyStatement(key), secret).toString("base64") };
}

/** Whether the key is called by its thumbprint and says of itself what stands here. */
export function isGenuine(key: PublishedKey): boolean {
  const said = `${keyStatement(key)}\n${key.self_signature}`;
  const known = genuine.get(said) ?? checkGenuine(key);
  genuine.set(said, known);
  return known;
}

function checkGenuine(key: PublishedKey): boolean {
  const signature = fromBase64(key.self_signature);
  return (
    key.kid === thumbprint(key.x) &&
    signature !== undefined &&
    verify(null, keyStatement(key), publicKeyOf(key), signature)
  );
}

export function isValidAt({ valid_from, valid_until }: Described, at: number): boolean {
  return Date.parse(valid_from) <= at && (valid_until === null || at < Date.parse(valid_until));
}

const timeOf = (ms: number): string => new Date(ms).toISOString();
