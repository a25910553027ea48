import type { AppError, ErrorCode } from "#shared/errors.ts";
import type { Clock } from "../clock.ts";
import { createOutcomeWindow } from "./outcome-window.ts";

export const BREAKER = {
  /** Failures in a row that open it. */
  failures: 5,
  /** Or this share of at least so many exchanges within the window. */
  share: 0.5,
  atLeast: 20,
  windowMs: 30_000,
  /** Open for so long at first, and twice as long each time until the maximum. */
  openMs: 1_000,
  maxOpenMs: 30_000,
  /** Closed for so long, it begins with `openMs` again; before that it is the same trouble going on. */
  steadyMs: 30_000,
  /** Probes that must succeed before it closes. */
  probes: 2,
  maxCoolSeconds: 60,
} as const;

export type BreakerSettings = { readonly [Key in keyof typeof BREAKER]: number };
export type BreakerState = "closed" | "open" | "half-open";

/** One exchange with the upstream. Only the breaker that made it looks inside. */
export type Exchange = { readonly opening: number; answered: number };

/** Passive ejection of one upstream: what its exchanges show decides whether it is tried. */
export type Breaker = {
  /** As of now: an open one whose time is up is half-open, though its change is told when the probe begins. */
  readonly state: BreakerState;
  /** When the next try may begin, in ms on the clock; 0 when now. While a probe runs this is a guess. */
  readonly retryAt: number;
  /** Closed, or half-open and no probe is running; never while it cools down. */
  mayTry(): boolean;
  /** Before a try. Half-open, the try is the probe. */
  begin(): Exchange;
  /** The first byte came. A success, and the place of the probe is free: the rest of a stream may take minutes. */
  answered(exchange: Exchange): void;
  /** Every exchange ends with exactly one of these three, after `answered` or without it. */
  succeeded(exchange: Exchange): void;
  failed(exchange: Exchange, error: AppError): void;
  /** The client left: says nothing about the upstream. */
  abandoned(exchange: Exchange): void;
};

/** The upstream's own failures. All others show that it is alive: it refused what the caller got wrong. */
const FAILURES: ReadonlySet<ErrorCode> = new Set(["upstream_failed", "upstream_timeout", "unavailable"]);

/** In the place of the slot in which the answer was counted. */
const NOT_YET = -1;
const NOT_COUNTED = -2;

/** Of no opening at all: of a try that began although `mayTry` said no. */
const IGNORED = -1;

export function createBreaker(
  clock: Clock,
  onChange: (state: BreakerState) => void,
  settings: BreakerSettings = BREAKER,
): Breaker {
  const outcomes = createOutcomeWindow(settings.windowMs);
  let phase: BreakerState = "closed";
  /** How often it has opened. What began before the last time is over: it would blame a recovered upstream. */
  let opening = 0;
  let openMs = 0;
  let openUntil = 0;
  let closedAt = Number.NEGATIVE_INFINITY;
  let coolUntil = 0;
  let probing = false;
  let probesPassed = 0;
  /** In a row. Apart, since a stream that breaks has begun well: its own beginning must not make it forgotten. */
  let refused = 0;
  let broken = 0;

  function change(next: BreakerState): void {
    phase = next;
    onChange(next);
  }

  function open(now: number): void {
    const again = phase === "half-open" || now - closedAt < settings.steadyMs;
    openMs = again ? Math.min(openMs * 2, settings.maxOpenMs) : settings.openMs;
    openUntil = now + openMs;
    opening += 1;
    probing = false;
    refused = 0;
    broken = 0;
    outcomes.clear();
    change("open");
  }

  function passProbe(): void {
    probing = false;
    probesPassed += 1;
    if (probesPassed < settings.probes) return;
    closedAt = clock.now();
    change("closed");
  }

  function answered(exchange: Exchange): void {
    if (exchange.opening !== opening || exchange.answered !== NOT_YET) return;
    if (phase === "half-open") {
      exchange.answered = NOT_COUNTED;
      passProbe();
    } else {
      exchange.answered = outcomes.good(clock.now());
      refused = 0;
    }
  }

  function succeeded(exchange: Exchange): void {
    if (exchange.opening !== opening) return;
    answered(exchange);
    broken = 0;
  }

  function failed(exchange: Exchange): void {
    const now = clock.now();
    if (exchange.answered === NOT_YET) refused += 1;
    else broken += 1;
    if (exchange.answered >= 0) outcomes.broke(now, exchange.answered);
    else outcomes.bad(now);
    const inARow = Math.max(refused, broken) >= settings.failures;
    if (phase === "half-open" || inARow || outcomes.badShare(settings.atLeast) >= settings.share) open(now);
  }

  function abandoned(exchange: Exchange): void {
    if (exchange.opening === opening && exchange.answered === NOT_YET) probing = false;
  }

  /** RFC 6585, 4: a 429 is about the rate, not about health, so it opens nothing and closes nothing. */
  function coolDown(seconds: number): void {
    const until = clock.now() + Math.min(seconds, settings.maxCoolSeconds) * 1000;
    coolUntil = Math.max(coolUntil, until);
  }

  function mayProbe(now: number): boolean {
    return phase === "open" ? now >= openUntil : !probing;
  }

  return {
    get state() {
      return phase === "open" && clock.now() >= openUntil ? "half-open" : phase;
    },
    get retryAt() {
      const now = clock.now();
      const healthy = phase === "closed" || mayProbe(now) ? 0 : phase === "open" ? openUntil : now + settings.openMs;
      const at = Math.max(healthy, coolUntil);
      return at > now ? at : 0;
    },
    mayTry: () => {
      if (phase === "closed" && coolUntil === 0) return true;
      const now = clock.now();
      if (now < coolUntil) return false;
      coolUntil = 0;
      return phase === "closed" || mayProbe(now);
    },
    begin: () => {
      if (phase === "closed") return { opening, answered: NOT_YET };
      if (!mayProbe(clock.now())) return { opening: IGNORED, answered: NOT_YET };
      if (phase === "open") {
        probesPassed = 0;
        change("half-open");
      }
      probing = true;
      return { opening, answered: NOT_YET };
    },
    answered,
    succeeded,
    failed: (exchange, error) => {
      if (error.code === "rate_limited") {
        if (error.retryAfterSeconds !== undefined) coolDown(error.retryAfterSeconds);
        abandoned(exchange);
      } else if (!FAILURES.has(error.code)) succeeded(exchange);
      else if (exchange.opening === opening) failed(exchange);
    },
    abandoned,
  };
}
