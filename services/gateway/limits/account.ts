import type { Limits } from "../routing/route-table.ts";
import type { CreateMeter } from "./create-meter.ts";
import type { Meter } from "./meter.ts";
import { costUnits, limitOf, RESOURCES, type Resource, refusal } from "./resources.ts";

type Metered = { readonly resource: Resource; readonly meter: Meter };

/** A request that an account has counted. Its end corrects that, once. */
export type Entry = { settle(usedTokens: number, cost: number): void };

/** The limits of one tenant or key, and what is left of them. */
export type Account = {
  /** Throws the refusal, adds to `waits` what must be known first, or, adding nothing, lets pass. Counts nothing. */
  check(tokens: number, waits: Promise<void>[]): void;
  /** Counts a request. */
  enter(tokens: number): Entry;
  setLimits(limits: Limits): void;
  /** Whether requests have entered that are not settled. */
  busy(): boolean;
  /** Whether forgetting it loses nothing. */
  idle(): boolean;
  tick(): void;
  close(): Promise<void>;
};

export function createAccount(
  kind: "tenant" | "key",
  id: string,
  first: Limits,
  createMeter: CreateMeter,
  now: () => number,
): Account {
  const who = kind === "key" ? `The API key ${id}` : id;
  let limits: Limits = {};
  let metered: readonly Metered[] = [];
  /** Requests that have not been settled: their corrections must find the meters. */
  let open = 0;

  const setLimits = (next: Limits): void => {
    limits = next;
    const before = new Map(metered.map(({ resource, meter }) => [resource, meter]));
    metered = RESOURCES.flatMap((resource) => {
      const limit = limitOf(limits, resource);
      if (limit === undefined) return [];
      const meter = before.get(resource) ?? createMeter(`${kind}:${id}`, resource, limit);
      if (before.delete(resource)) meter.setLimit(limit);
      return [{ resource, meter }];
    });
    for (const meter of before.values()) void meter.close();
  };
  setLimits(first);
  const onSettled = (): void => {
    open -= 1;
  };

  return {
    check(tokens, waits) {
      for (const { resource, meter } of metered) {
        const wait = meter.secondsUntil(amountOf(resource, tokens));
        if (wait === 0) continue;
        if (typeof wait === "number") throw refusal(who, limits, resource, wait);
        waits.push(wait);
      }
    },
    enter(tokens) {
      for (const { resource, meter } of metered) meter.take(amountOf(resource, tokens));
      open += 1;
      return new CountedRequest(metered, tokens, now(), onSettled);
    },
    setLimits,
    busy: () => open > 0,
    idle: () => open === 0 && metered.every(({ meter }) => meter.idle()),
    tick() {
      for (const { meter } of metered) meter.tick();
    },
    async close() {
      await Promise.all(metered.map(({ meter }) => meter.close()));
    },
  };
}

/** A class, because this is made for every request. The meters are those that it entered by: limits may change meanwhile. */
class CountedRequest implements Entry {
  readonly #metered: readonly Metered[];
  readonly #tokens: number;
  readonly #at: number;
  readonly #onSettled: () => void;

  constructor(metered: readonly Metered[], tokens: number, at: number, onSettled: () => void) {
    this.#metered = metered;
    this.#tokens = tokens;
    this.#at = at;
    this.#onSettled = onSettled;
  }

  settle(usedTokens: number, cost: number): void {
    this.#onSettled();
    for (const { resource, meter } of this.#metered) {
      if (resource === "streams") meter.settle(-1, this.#at);
      else if (resource === "cost_day") meter.settle(costUnits(cost), this.#at);
      else if (resource !== "requests") meter.settle(usedTokens - this.#tokens, this.#at);
    }
  }
}

/** What a request costs is known at its end; until then something of the budget must be left. */
function amountOf(resource: Resource, tokens: number): number {
  if (resource === "cost_day") return 0;
  return resource === "tokens" || resource === "tokens_day" ? tokens : 1;
}
