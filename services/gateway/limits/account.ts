import type { Limits } from "../routing/route-table.ts";
import type { CreateMeter } from "./create-meter.ts";
import type { Meter } from "./meter.ts";
import { costUnits, limitOf, RESOURCES, type Resource, refusal } from "./resources.ts";

type Metered = { readonly resource: Resource; readonly meter: Meter };

/** The limits of one tenant or key, and what is left of them. */
export type Account = {
  /** Throws the refusal, adds to `waits` what must be known first, or, adding nothing, lets pass. Counts nothing. */
  check(tokens: number, waits: Promise<void>[]): void;
  /** Counts a request; the returned function corrects that, once. */
  enter(tokens: number): (usedTokens: number, cost: number) => void;
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
      const entered = metered;
      const at = now();
      for (const { resource, meter } of entered) meter.take(amountOf(resource, tokens));
      open += 1;
      return (usedTokens, cost) => {
        open -= 1;
        for (const { resource, meter } of entered) {
          if (resource === "streams") meter.settle(-1, at);
          else if (resource === "cost_day") meter.settle(costUnits(cost), at);
          else if (resource !== "requests") meter.settle(usedTokens - tokens, at);
        }
      };
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

/** What a request costs is known at its end; until then something of the budget must be left. */
function amountOf(resource: Resource, tokens: number): number {
  if (resource === "cost_day") return 0;
  return resource === "tokens" || resource === "tokens_day" ? tokens : 1;
}
