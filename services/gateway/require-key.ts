import { createHash, timingSafeEqual } from "node:crypto";
import { AppError } from "#shared/errors.ts";

/** Throws `unauthenticated` unless the header carries the key. Takes the same time for every wrong one. */
export function requireKey(authorization: string | undefined, key: string): void {
  const presented = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? "";
  if (timingSafeEqual(digest(presented), digest(key))) return;
  throw new AppError("unauthenticated", "Send the gateway's key: Authorization: Bearer <CAIRN_GATEWAY_KEY>.");
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
