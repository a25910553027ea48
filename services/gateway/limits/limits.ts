import type { Clock } from "../clock.ts";
import type { Limits, LimitTable } from "../routing/route-table.ts";
import { type Account, createAccount, type Entry } from "./account.ts";
import type { Caller } from "./callers.ts";
import { createMeterBy } from "./create-meter.ts";
import type { Quota } from "./quota.ts";
import { unavailable } from "./within.ts";

const TICK_MS = 1000;
const SWEEP_TICKS = 10;
const PRUNE_TICKS = 300;
/** Replicas whose clocks differ may still ask for what has ended here. */
const PRUNE_AFTER_MS = 10 * 60_000;
/** Waiting for quota of several limits, one after the other, takes no longer. */
const WAIT_MS = 2000;
/** Beyond this the oldest accounts are forgotten, with what they used: memory must not grow with names that somebody makes up. */
const MAX_ACCOUNTS = 20_000;

export type Limiter = {
  /**
   * Counts the request, reserves the tokens it may need and takes a place, by the limits of the key and of the tenant.
   * Throws or rejects with `rate_limited` and the seconds to wait, with `forbidden` or `too_large` where waiting does not
   * help, and with `unavailable` while the database of shared limits does not answer. A refusal leaves nothing counted.
   */
  admit(caller: Caller, estimatedTokens: number): Permit | Promise<Permit>;
  setTable(table: LimitTable): void;
  /** Gives back to the other replicas what was not used. */
  close(): Promise<void>;
};

export type Permit = {
  /** At the end of the request, whatever that was: real usage corrects the reservation, and the place is free. Counts once. */
  settle(usedTokens: number, cost: number): void;
};

export type LimiterDeps = {
  /** Limits are shared with other replicas through it; without one they are this process's own. */
  readonly quota: Quota | undefined;
  /** Wall milliseconds: days and minutes are cut by it. */
  readonly now: () => number;
  readonly clock: Clock;
  /** Calls again and again until the returned function is called. */
  readonly repeat?: (work: () => void, ms: number) => () => void;
};

const UNLIMITED: Permit = { settle: () => {} };

export function createLimiter(first: LimitTable, { quota, now, clock, repeat = every }: LimiterDeps): Limiter {
  const createMeter = createMeterBy(quota, now, clock);
  const accounts = { tenant: new Map<string, Account>(), key: new Map<string, Account>() };
  let table = first;
  let fallback = limited(table.default);

  const limitsOf = (kind: "tenant" | "key", id: string): Limits | undefined =>
    kind === "key" ? table.keys.get(id) : (table.tenants.get(id) ?? fallback);

  const accountOf = (kind: "tenant" | "key", id: string): Account | undefined => {
    const known = accounts[kind].get(id);
    if (known) return known;
    const limits = limitsOf(kind, id);
    if (!limits) return undefined;
    const account = createAccount(kind, id, limits, createMeter, now);
    accounts[kind].set(id, account);
    if (accounts[kind].size > MAX_ACCOUNTS) forgetOldest(accounts[kind]);
    return account;
  };

  const enter = (caller: Caller, tokens: number): Permit | Promise<void>[] => {
    const key = caller.keyId === undefined ? undefined : accountOf("key", caller.keyId);
    const tenant = accountOf("tenant", caller.tenant);
    if (!key && !tenant) return UNLIMITED;
    const waits: Promise<void>[] = [];
    key?.check(tokens, waits);
    tenant?.check(tokens, waits);
    return waits.length > 0 ? waits : new CountedPermit(tokens, key?.enter(tokens), tenant?.enter(tokens));
  };

  const enterAfter = async (waits: Promise<void>[], caller: Caller, tokens: number): Promise<Permit> => {
    const until = clock.now() + WAIT_MS;
    let entered: Permit | Promise<void>[] = waits;
    while (Array.isArray(entered)) {
      if (clock.now() > until) throw unavailable();
      await Promise.all(entered);
      entered = enter(caller, tokens);
    }
    return entered;
  };

  const each = (work: (account: Account, id: string, kind: "tenant" | "key") => void): void => {
    for (const kind of ["tenant", "key"] as const) for (const [id, account] of accounts[kind]) work(account, id, kind);
  };
  const sweep = (): void => each((account, id, kind) => account.idle() && accounts[kind].delete(id));

  let ticks = 0;
  const stop = repeat(() => {
    ticks += 1;
    each((account) => account.tick());
    if (ticks % SWEEP_TICKS === 0) sweep();
    // A prune that fails leaves rows for the next one.
    if (ticks % PRUNE_TICKS === 0) void quota?.prune(now() - PRUNE_AFTER_MS).catch(() => {});
  }, TICK_MS);

  return {
    admit(caller, estimatedTokens) {
      const entered = enter(caller, estimatedTokens);
      return Array.isArray(entered) ? enterAfter(entered, caller, estimatedTokens) : entered;
    },
    setTable(next) {
      table = next;
      fallback = limited(table.default);
      each((account, id, kind) => account.setLimits(limitsOf(kind, id) ?? {}));
    },
    async close() {
      stop();
      const closing: Promise<void>[] = [];
      each((account) => closing.push(account.close()));
      await Promise.all(closing);
    },
  };
}

const limited = (limits: Limits): Limits | undefined =>
  Object.values(limits).some((limit) => limit !== undefined) ? limits : undefined;

class CountedPermit implements Permit {
  readonly #tokens: number;
  readonly #key: Entry | undefined;
  readonly #tenant: Entry | undefined;
  #settled = false;

  constructor(tokens: number, key: Entry | undefined, tenant: Entry | undefined) {
    this.#tokens = tokens;
    this.#key = key;
    this.#tenant = tenant;
  }

  settle(usedTokens: number, cost: number): void {
    if (this.#settled) return;
    this.#settled = true;
    // Counts come from model servers, which may send anything; what was reserved then stands.
    const used = usedTokens >= 0 && usedTokens < Number.POSITIVE_INFINITY ? usedTokens : this.#tokens;
    const spent = cost >= 0 && cost < Number.POSITIVE_INFINITY ? cost : 0;
    this.#key?.settle(used, spent);
    this.#tenant?.settle(used, spent);
  }
}

/** A tenth at once: a map whose first entry is deleted again and again is walked from the start each time. */
function forgetOldest(accounts: Map<string, Account>): void {
  let count = MAX_ACCOUNTS / 10;
  for (const [id, account] of accounts) {
    if (account.busy()) continue;
    accounts.delete(id);
    void account.close();
    count -= 1;
    if (count === 0) return;
  }
}

function every(work: () => void, ms: number): () => void {
  const timer = setInterval(work, ms).unref();
  return () => clearInterval(timer);
}
