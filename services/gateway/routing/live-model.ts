import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { AppError } from "#shared/errors.ts";
import { type Admission, createAdmission, type Ticket } from "../admission/admission.ts";
import { createRefusals } from "../admission/refusals.ts";
import { type ExactCache, exactCache } from "../cache/exact-cache.ts";
import type { Clock } from "../clock.ts";
import { backoffMs } from "./backoff.ts";
import { type Affinity, chooseUpstream } from "./choose-upstream.ts";
import type { LiveUpstream } from "./live-upstream.ts";
import { createRetryBudget } from "./retry-budget.ts";
import type { ModelSettings, QueueLimits } from "./route-table.ts";

/** One request for a model, as its queue and the choice of an upstream see it. */
export type Call = Ticket & {
  readonly affinity: Affinity;
  /** Models that must not answer it, by the names that upstreams have for them. */
  readonly withoutModels: ReadonlySet<string>;
};

/** A place to run in. `end` gives it back, exactly once. */
export type Place = {
  readonly upstream: LiveUpstream;
  readonly tier: number;
  /** The first byte came. */
  answered(): void;
  /** The exchange is over: well, by a failure, or (any other reason than an `AppError`) because the reader left. */
  end(error?: unknown): void;
};

export type LiveTier = readonly { readonly members: readonly LiveUpstream[]; readonly weight: number }[];

/** A model alias at work: its queue, and where its requests go. */
export type LiveModel = {
  readonly settings: ModelSettings;
  readonly admission: Admission<Call, Place>;
  readonly running: number;
  /** Responses kept, where the route has a cache. */
  readonly cache: ExactCache | undefined;
  /** An upstream beside the busy ones that could answer the same request at once, within the retry budget. */
  spare(call: Call, busy: ReadonlySet<string>): Place | undefined;
  /** Where a request goes on after a failure that nobody has seen yet, or `undefined` when it ends there. */
  placeAfter(failed: Failed, call: Call, signal: AbortSignal): Promise<Place | undefined>;
  apply(settings: ModelSettings, tiers: readonly LiveTier[]): void;
};

export type Failed = {
  readonly place: Place;
  readonly tried: ReadonlySet<string>;
  readonly attempts: number;
  readonly error: AppError;
};

type Deps = { readonly clock: Clock; readonly roll: () => number; readonly onFreed: () => void };

/** A breaker tells nobody when its time is up, so those that wait for a start look again this often. */
const WAITING_ROOM_MS = 250;
const NOBODY: ReadonlySet<string> = new Set();
/** Nothing has been reached: the server is not there, or not yet. */
const UNREACHED = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|(UND_ERR_)?CONNECT_TIMEOUT)$/;

export function createLiveModel(
  initial: ModelSettings,
  initialTiers: readonly LiveTier[],
  { clock, roll, onFreed }: Deps,
): LiveModel {
  let settings = initial;
  let tiers = initialTiers;
  let running = 0;
  let looksAgain = false;
  let cache = initial.cache && exactCache(initial.cache);
  const budget = createRetryBudget(clock);

  const placeAt = (upstream: LiveUpstream, tier: number): Place => {
    running += 1;
    upstream.inFlight += 1;
    const { breaker } = upstream;
    const exchange = breaker.begin();
    return {
      upstream,
      tier,
      answered() {
        breaker.answered(exchange);
        // A probe that went well makes room for others.
        if (breaker.state !== "closed") onFreed();
      },
      end(error) {
        running -= 1;
        upstream.inFlight -= 1;
        if (error === undefined) breaker.succeeded(exchange);
        else if (error instanceof AppError) breaker.failed(exchange, error);
        else breaker.abandoned(exchange);
        onFreed();
      },
    };
  };

  const lookAgain = (): void => {
    looksAgain = false;
    admission.pump();
  };
  /** The first tier may be starting: whoever waits for it is looked at again when the waiting is over. */
  const staysInWaitingRoom = (call: Call): boolean => {
    const left = call.enteredAt + settings.waitingRoomMs - clock.now();
    if (left <= 0) return false;
    if (!looksAgain) {
      looksAgain = true;
      setTimeout(lookAgain, Math.min(left, WAITING_ROOM_MS));
    }
    return true;
  };

  const take = (call: Call): Place | undefined => {
    const barred = barredFor(call, tiers);
    for (const [at, tier] of tiers.entries()) {
      const choice = chooseUpstream(tier, call.affinity, barred, roll);
      if (choice === "busy") return undefined;
      if (choice !== "down") {
        budget.request();
        return placeAt(choice, at);
      }
      if (at === 0 && settings.waitingRoomMs > 0 && hasOther(tier, barred) && staysInWaitingRoom(call))
        return undefined;
    }
    if (barred.size > 0 && !tiers.some((tier) => hasOther(tier, barred)))
      throw createRefusals(settings.alias).withdrawn();
    throw nobody(settings.alias, tiers, clock.now());
  };
  const admission = createAdmission<Call, Place>(settings.alias, queueOf(settings), take, clock, () =>
    tiers.flat().some(({ members }) => members.some(({ mayTry }) => mayTry)),
  );

  const placeIn = (tier: number, call: Call, tried: ReadonlySet<string>): Place | undefined => {
    const barred = barredFor(call, tiers);
    const choice = chooseUpstream(
      tiers[tier] ?? [],
      call.affinity,
      barred.size > 0 ? new Set([...barred, ...tried]) : tried,
      roll,
    );
    return typeof choice === "object" ? placeAt(choice, tier) : undefined;
  };
  const placeBelow = (tier: number, call: Call): Place | undefined => {
    for (let at = tier + 1; at < tiers.length; at++) {
      const place = placeIn(at, call, NOBODY);
      if (place) return place;
    }
    return undefined;
  };

  return {
    get settings() {
      return settings;
    },
    admission,
    get running() {
      return running;
    },
    get cache() {
      return cache;
    },
    spare: (call, busy) => (budget.mayRetry() ? placeIn(0, call, busy) : undefined),
    async placeAfter({ place, tried, attempts, error }, call, signal) {
      const { tier } = place;
      const allowed = attempts < settings.maxAttempts;
      // Scaled to zero: who finds out waits like those who come later, and costs the server nothing.
      if (allowed && tier === 0 && isUnreached(error) && staysInWaitingRoom(call)) {
        place.upstream.refused();
        return admission.enter(call, signal);
      }
      const replica = allowed && hasOther(tiers[tier], tried) && budget.mayRetry() && placeIn(tier, call, tried);
      const next = replica || placeBelow(tier, call);
      if (next || !allowed) return next;
      const waitMs = backoffMs(attempts, roll, error.retryAfterSeconds);
      if (waitMs === undefined || !budget.mayRetry()) return undefined;
      await sleep(waitMs, undefined, { signal });
      return placeIn(tier, call, NOBODY);
    },
    apply(next, nextTiers) {
      // Another model server may give other vectors, also under the same name.
      const same = isDeepStrictEqual(next, settings) && sameMembers(tiers, nextTiers);
      if (!same) cache = next.cache && exactCache(next.cache);
      settings = next;
      tiers = nextTiers;
      admission.setLimits(queueOf(next));
    },
  };
}

function sameMembers(before: readonly LiveTier[], after: readonly LiveTier[]): boolean {
  const membersOf = (tiers: readonly LiveTier[]) => tiers.flat().flatMap(({ members }) => members);
  const known = membersOf(before);
  return membersOf(after).every((member, at) => member === known[at]);
}

function isUnreached({ cause }: AppError): boolean {
  return cause instanceof Error && "code" in cause && UNREACHED.test(String(cause.code));
}

/** Who may wait for a start has time left for the tiers below afterwards. */
function queueOf({ queue, waitingRoomMs }: ModelSettings): QueueLimits {
  return { ...queue, maxWaitMs: Math.max(queue.maxWaitMs, waitingRoomMs + WAITING_ROOM_MS * 2) };
}

/** Upstreams whose model must not answer the call. */
function barredFor({ withoutModels }: Call, tiers: readonly LiveTier[]): ReadonlySet<string> {
  if (withoutModels.size === 0) return NOBODY;
  const members = tiers.flat().flatMap((arm) => arm.members);
  return new Set(members.filter(({ server }) => withoutModels.has(server.model)).map(({ name }) => name));
}

function hasOther(tier: LiveTier | undefined, tried: ReadonlySet<string>): boolean {
  return tier?.some(({ members }) => members.some(({ name }) => !tried.has(name))) ?? false;
}

function nobody(alias: string, tiers: readonly LiveTier[], now: number): AppError {
  const waits = tiers.flat().flatMap(({ members }) => members.map(({ breaker }) => breaker.retryAt - now));
  const retryAfterSeconds = Math.max(1, Math.ceil(Math.min(...waits, 30_000) / 1000));
  return createRefusals(alias).unserved(retryAfterSeconds);
}
