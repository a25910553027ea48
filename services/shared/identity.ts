import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { audit } from "./audit.ts";
import type { Database } from "./database.ts";
import { AppError } from "./errors.ts";
import { refuseForeignPage } from "./foreign-page.ts";
import { type Principal, SCOPES, type Scope } from "./principal.ts";
import { keyOfSession, sessionToken } from "./sessions.ts";

/** Turns the headers of a request into a principal, or throws `unauthenticated`. The only way in. */
export type Authenticate = (headers: Readonly<Record<string, string | string[] | undefined>>) => Promise<Principal>;

const KEY = /^cairn_([a-z0-9]{12})_([A-Za-z0-9_-]{43})([0-9a-f]{8})$/;

type KeyRow = {
  id: string;
  tenant: string;
  subject: string;
  groups: string;
  scopes: string;
  hash: string;
  expires_at: number | null;
  revoked_at: number | null;
};

/** Who everybody is in open mode. */
export const LOCAL_ADMIN: Principal = { tenant: "local", subject: "admin", groups: [], scopes: [...SCOPES] };

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/** Whether an address to listen on is reached from this machine only. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** How callers are told apart in a process that listens on `host`. Throws when everybody else could reach an open one. */
export function authenticateBy(mode: "open" | "keys", host: string, withKeys: Authenticate): Authenticate {
  if (mode === "keys") return withKeys;
  if (!isLoopback(host)) {
    throw new Error(
      `CAIRN_AUTH=open lets everybody in and is accepted on loopback only, not on ${host}. ` +
        `Set CAIRN_AUTH=keys, or CAIRN_HOST=127.0.0.1.`,
    );
  }
  return openAuthenticate(withKeys);
}

/** `CAIRN_AUTH=open`: everybody on this machine is `local/admin`, but a key that is sent still counts. Loopback only. */
export function openAuthenticate(withKeys: Authenticate): Authenticate {
  return async (headers) => {
    if (carries(headers)?.startsWith("cairn_")) return withKeys(headers);
    refuseForeignPage(headers);
    return LOCAL_ADMIN;
  };
}

/**
 * Accepts `Authorization: Bearer`, or `x-api-key`; without either, the cookie of a session. Two different credentials
 * in one request are refused.
 */
export function keyAuthenticate(db: Database, pepper: string, now: () => number = Date.now): Authenticate {
  return async (headers) => {
    const presented = carries(headers);
    const session = presented === undefined ? sessionToken(headers) : undefined;
    if (session !== undefined) {
      const row = await db.get<KeyRow>("select * from api_key where id = $1", [
        (await keyOfSession(db, pepper, session, now())) ?? "",
      ]);
      if (!row || isOver(row, now())) throw new AppError("unauthenticated", "The session is over. Sign in again.");
      return principalOf(row);
    }
    if (presented === undefined)
      throw new AppError("unauthenticated", "Send an API key: Authorization: Bearer cairn_…");
    const [, id, secret, checksum] = KEY.exec(presented) ?? [];
    if (!id || !secret || checksum !== checksumOf(id, secret, pepper)) throw refused();
    const row = await db.get<KeyRow>("select * from api_key where id = $1", [id]);
    const expected = Buffer.from(row?.hash ?? "0".repeat(64), "hex");
    const same = timingSafeEqual(expected, Buffer.from(hashOf(secret, pepper), "hex"));
    if (!row || !same || isOver(row, now())) throw refused();
    return principalOf(row);
  };
}

const isOver = ({ revoked_at, expires_at }: KeyRow, now: number): boolean =>
  revoked_at !== null || (expires_at !== null && expires_at <= now);

const principalOf = ({ tenant, subject, groups, scopes }: KeyRow): Principal => ({
  tenant,
  subject,
  groups: JSON.parse(groups),
  scopes: JSON.parse(scopes),
});

/** The id of a key, which is no secret; `undefined` for what has not the form of one. */
export const keyIdOf = (key: string): string | undefined => KEY.exec(key)?.[1];

/** Whether nothing but a cookie, which browsers add by themselves, says who sent the request. */
export const restsOnCookie = (headers: Parameters<Authenticate>[0]): boolean =>
  carries(headers) === undefined && sessionToken(headers) !== undefined;

const refused = (): AppError => new AppError("unauthenticated", "The API key is unknown, expired or revoked.");

/** The credential of an `Authorization` header, if it has one. */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];

function carries(headers: Parameters<Authenticate>[0]): string | undefined {
  const bearer = bearerOf(single(headers.authorization));
  const direct = single(headers["x-api-key"]);
  if (bearer && direct && bearer !== direct) {
    throw new AppError("unauthenticated", "Two different credentials were sent. Send one.");
  }
  return bearer ?? direct;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

const hashOf = (secret: string, pepper: string): string => createHmac("sha256", pepper).update(secret).digest("hex");
// The checksum lets secret scanners and typos be told from guesses without asking the database.
const checksumOf = (id: string, secret: string, pepper: string): string =>
  createHmac("sha256", pepper).update(`${id}.${secret}`).digest("hex").slice(0, 8);

export type NewKey = {
  readonly tenant: string;
  readonly subject: string;
  readonly groups: readonly string[];
  readonly scopes: readonly Scope[];
  readonly expiresAt: number | undefined;
  /** Who makes it, for the audit trail. Without it: its own subject. */
  readonly madeBy?: Pick<Principal, "tenant" | "subject">;
};

/** Creates a key. The returned text is shown once; only a keyed hash of its secret is stored. */
export async function createKey(
  db: Database,
  pepper: string,
  key: NewKey,
  now: () => number = Date.now,
): Promise<{ id: string; key: string }> {
  const id = randomBytes(6).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  const { tenant, subject, groups, scopes, expiresAt, madeBy = key } = key;
  await db.transaction(async (sql) => {
    await sql.run("insert into tenant (id, created_at) values ($1, $2) on conflict (id) do nothing", [tenant, now()]);
    await sql.run(
      `insert into api_key (id, tenant, subject, groups, scopes, hash, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        id,
        tenant,
        subject,
        JSON.stringify(groups),
        JSON.stringify(scopes),
        hashOf(secret, pepper),
        now(),
        expiresAt ?? null,
      ],
    );
    await audit({ now, newId: () => crypto.randomUUID() }, sql, actingIn(tenant, madeBy), "key.create", id);
  });
  return { id, key: `cairn_${id}_${secret}${checksumOf(id, secret, pepper)}` };
}

/** An actor for the audit trail of a tenant: the operator, who may come from another one, is named with theirs. */
export function actingIn(tenant: string, actor: Pick<Principal, "tenant" | "subject">) {
  return { tenant, subject: actor.tenant === tenant ? actor.subject : `${actor.tenant}/${actor.subject}` };
}

/** Throws `forbidden` unless the principal has the scope; `admin` includes every other. */
export function requireScope(principal: Principal, scope: Scope): void {
  if (principal.scopes.includes(scope) || principal.scopes.includes("admin")) return;
  throw new AppError("forbidden", `This needs the scope "${scope}", which the credential does not have.`);
}
