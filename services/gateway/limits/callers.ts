import { hash, randomBytes } from "node:crypto";
import { AppError } from "#shared/errors.ts";
import { type Authenticate, bearerOf, requireScope } from "#shared/identity.ts";
import { TENANT_HEADER } from "#shared/principal.ts";
import type { Clock } from "../clock.ts";
import { sameSecret } from "./same-secret.ts";
import { unavailable, within } from "./within.ts";

/** So long may a revoked key still be let in. */
const REMEMBER_MS = 10_000;
/** Twice as many at most: those asked about longest ago are forgotten together. */
const REMEMBERED_KEYS = 5_000;
const ANSWER_MS = 2000;

export type Caller = { readonly tenant: string; readonly keyId: string | undefined };

/** Who calls, by the Authorization header and `x-cairn-tenant`. Synchronous for whoever called a moment ago. */
export type Identify = (
  authorization: string | undefined,
  tenantHeader: string | undefined,
) => Caller | Promise<Caller>;

export type IdentifySettings = {
  /** May speak for any tenant: the retrieval API's. */
  readonly serviceKey: string | undefined;
  /** API keys of the state database. */
  readonly authenticate: Authenticate | undefined;
  /** Everybody is let in. Loopback only. */
  readonly open: boolean;
  readonly clock: Clock;
};

const LOCAL: Caller = { tenant: "local", keyId: undefined };

export function createIdentify({ serviceKey, authenticate, open, clock }: IdentifySettings): Identify {
  if (serviceKey === "") throw new Error("An empty service key would let everybody in.");
  // Under a secret of this process: no key of the database is kept in memory, and how long finding its digest takes tells
  // a caller nothing, as he cannot know the digest of what he sends.
  const salt = randomBytes(32).toString("base64");
  const digestOf = (key: string): string => hash("sha256", salt + key, "base64");
  const remember = createMemory(clock);

  return (authorization, tenantHeader) => {
    const presented = bearerOf(authorization);
    if (presented !== undefined) {
      if (serviceKey !== undefined && sameSecret(presented, serviceKey)) return spokenFor(tenantHeader);
      if (authenticate && presented.startsWith("cairn_")) {
        const known = remember(digestOf(presented), () => ofKey(presented, authenticate));
        return known instanceof Promise ? known.then((caller) => own(caller, tenantHeader)) : own(known, tenantHeader);
      }
    }
    if (open) return spokenFor(tenantHeader);
    throw new AppError(
      "unauthenticated",
      'Send the gateway\'s key or an API key with the scope "chat": Authorization: Bearer …',
    );
  };
}

function spokenFor(tenantHeader: string | undefined): Caller {
  if (tenantHeader === undefined) return LOCAL;
  if (TENANT_HEADER.test(tenantHeader)) return { tenant: tenantHeader, keyId: undefined };
  throw new AppError("invalid_request", "x-cairn-tenant must be 1 to 64 letters, digits, dots, dashes or underscores.");
}

function own(caller: Caller, tenantHeader: string | undefined): Caller {
  if (tenantHeader === undefined || tenantHeader === caller.tenant) return caller;
  throw new AppError("forbidden", "An API key speaks for its own tenant only. Leave x-cairn-tenant out.");
}

async function ofKey(key: string, authenticate: Authenticate): Promise<Caller> {
  const principal = await within(ANSWER_MS, authenticate({ authorization: `Bearer ${key}` })).catch(
    (error: unknown) => {
      throw error instanceof AppError ? error : unavailable(error);
    },
  );
  requireScope(principal, "chat");
  return { tenant: principal.tenant, keyId: key.split("_")[1] };
}

/** Remembers who was let in, one question at a time for each key. A refusal is never remembered: it must end at once. */
function createMemory(clock: Clock) {
  let known = new Map<string, { readonly caller: Caller; readonly until: number }>();
  let older: typeof known = new Map();
  const asked = new Map<string, Promise<Caller>>();
  const ask = async (id: string, find: () => Promise<Caller>): Promise<Caller> => {
    // From before the question: a key that is revoked while it is being answered must not live longer.
    const until = clock.now() + REMEMBER_MS;
    try {
      const caller = await find();
      if (known.size >= REMEMBERED_KEYS) {
        older = known;
        known = new Map();
      }
      known.set(id, { caller, until });
      return caller;
    } finally {
      asked.delete(id);
    }
  };
  return (id: string, find: () => Promise<Caller>): Caller | Promise<Caller> => {
    const entry = known.get(id) ?? older.get(id);
    if (entry && clock.now() < entry.until) return entry.caller;
    let answer = asked.get(id);
    if (!answer) {
      answer = ask(id, find);
      asked.set(id, answer);
    }
    return answer;
  };
}
