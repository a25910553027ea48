import { expect, test } from "vitest";
import { createAdmission, type Ticket } from "../../services/gateway/admission/admission.ts";

const SERVICE_MS = 10;
const LIMITS = { maxRequests: 50, maxBytes: 1_000_000, maxWaitMs: 300 };
const DURATION_MS = 20_000;

/** How many requests a tenant sends in the time in which the server answers one, at random or evenly. */
type Load = { readonly tenant: string; readonly perService: number; readonly evenly?: boolean };

/** Mulberry32: the same arrivals in every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function arrivalsOf({ tenant, perService, evenly }: Load, durationMs = DURATION_MS): Ticket[] {
  const roll = dice(tenant.length);
  const tickets: Ticket[] = [];
  for (let at = 0; at < durationMs; ) {
    tickets.push({ tenant, priority: "interactive", bytes: 100, enteredAt: at });
    at += (SERVICE_MS / perService) * (evenly ? 1 : -Math.log(1 - roll()));
  }
  return tickets;
}

type Served = { readonly tenant: string; readonly waitedMs: number };

/** One server that answers one request after another; the clock jumps from event to event. */
function simulate(loads: readonly Load[], durationMs = DURATION_MS): Served[] {
  const arrivals = loads.flatMap((load) => arrivalsOf(load, durationMs)).sort((a, b) => a.enteredAt - b.enteredAt);
  const served: Served[] = [];
  let now = 0;
  let freeAt = 0;
  const take = (ticket: Ticket): true | undefined => {
    if (freeAt > now) return undefined;
    freeAt = now + SERVICE_MS;
    served.push({ tenant: ticket.tenant, waitedMs: now - ticket.enteredAt });
    return true;
  };
  const admission = createAdmission("m", LIMITS, take, { now: () => now }, () => true);
  const leaving = new AbortController();
  for (const ticket of arrivals) {
    while (admission.queued > 0 && freeAt <= ticket.enteredAt) {
      now = freeAt;
      admission.pump();
    }
    now = ticket.enteredAt;
    admission.enter(ticket, leaving.signal).catch(() => undefined);
  }
  leaving.abort();
  return served;
}

const of = (served: readonly Served[], tenant: string): Served[] => served.filter((one) => one.tenant === tenant);

function p95Ms(served: readonly Served[]): number {
  const latencies = served.map(({ waitedMs }) => waitedMs + SERVICE_MS).sort((a, b) => a - b);
  return latencies[Math.floor(latencies.length * 0.95)]!;
}

const QUIET: Load = { tenant: "quiet", perService: 0.02 };
const STEADY: Load = { tenant: "steady", perService: 0.25, evenly: true };
const FLOODER: Load = { tenant: "flooder", perService: 3 };

test.each([QUIET, STEADY])(
  "a tenant that sends three times what the server can do does not slow $tenant down",
  (load) => {
    // Long enough for a p95 of requests that come rarely.
    const alone = simulate([load], 3 * DURATION_MS);
    const served = simulate([load, FLOODER], 3 * DURATION_MS);
    expect(of(served, load.tenant).length).toBeGreaterThanOrEqual(alone.length - 1);
    expect(p95Ms(of(served, load.tenant))).toBeLessThanOrEqual(2 * p95Ms(alone));
  },
);

test("the server is never idle under overload, and nobody is served after its time", () => {
  const served = simulate([QUIET, FLOODER]);
  expect(served.length).toBeGreaterThanOrEqual(0.9 * (DURATION_MS / SERVICE_MS));
  expect(Math.max(...served.map(({ waitedMs }) => waitedMs))).toBeLessThan(LIMITS.maxWaitMs);
});

test("tenants that all flood share the server equally, however much more one of them sends", () => {
  const served = simulate([
    { tenant: "a", perService: 1 },
    { tenant: "bb", perService: 2 },
    { tenant: "ccc", perService: 5 },
  ]);
  for (const tenant of ["a", "bb", "ccc"]) {
    expect(of(served, tenant).length / served.length).toBeCloseTo(1 / 3, 1);
  }
});

test("five flooding tenants leave a quiet one its turn in each round", () => {
  const flooders = ["a", "bb", "ccc", "dddd", "eeeee"].map((tenant) => ({ tenant, perService: 1 }));
  const load = { tenant: "quiet", perService: 0.1, evenly: true };
  const quiet = of(simulate([load, ...flooders]), "quiet");
  expect(quiet.length).toBe(arrivalsOf(load).length);
  expect(p95Ms(quiet)).toBeLessThanOrEqual(7 * SERVICE_MS);
});
