import { createHmac, randomBytes } from "node:crypto";
import type { Sql } from "./database.ts";

const SESSION_MS = 12 * 3_600_000;
const TOKEN_BYTES = 32;
const COOKIE = "cairn_session";
const TOKEN = new RegExp(`(?:^|;\\s*)${COOKIE}=([A-Za-z0-9_-]{43})(?:;|$)`);

/** The token of a request's session cookie, if it has one. */
export function sessionToken({ cookie }: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  return TOKEN.exec(typeof cookie === "string" ? cookie : "")?.[1];
}

/** For `Set-Cookie`. Scripts cannot read it, and pages of other sites do not send it. Without a token it is removed. */
export function sessionCookie(token: string | undefined, secure: boolean): string {
  const lifetime = token === undefined ? 0 : SESSION_MS / 1000;
  return `${COOKIE}=${token ?? ""}; Path=/; Max-Age=${lifetime}; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
}

/**
 * A session of whoever holds a key: it ends by itself after 12 hours, and at once when the key does. Only a keyed hash
 * of the returned token is stored.
 */
export async function openSession(sql: Sql, pepper: string, keyId: string, now: number): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  await sql.run("delete from session where expires_at <= $1", [now]);
  await sql.run("insert into session (id, key_id, created_at, expires_at) values ($1, $2, $3, $4)", [
    idOf(token, pepper),
    keyId,
    now,
    now + SESSION_MS,
  ]);
  return token;
}

/** The id of the key that a running session was opened with. */
export async function keyOfSession(sql: Sql, pepper: string, token: string, now: number): Promise<string | undefined> {
  const session = await sql.get<{ key_id: string }>("select key_id from session where id = $1 and expires_at > $2", [
    idOf(token, pepper),
    now,
  ]);
  return session?.key_id;
}

/** Whoever has the token has no session any more. */
export async function endSession(sql: Sql, pepper: string, token: string): Promise<void> {
  await sql.run("delete from session where id = $1", [idOf(token, pepper)]);
}

const idOf = (token: string, pepper: string): string =>
  createHmac("sha256", pepper).update(`session.${token}`).digest("hex");
