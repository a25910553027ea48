import { AppError } from "#shared/errors.ts";
import type { Limits } from "../routing/route-table.ts";

/** What is limited, in the order in which it is checked. The names are stored in the state database. */
export const RESOURCES = ["streams", "requests", "tokens", "tokens_day", "cost_day"] as const;
export type Resource = (typeof RESOURCES)[number];

const LIMIT_OF = {
  streams: "concurrentStreams",
  requests: "requestsPerMinute",
  tokens: "tokensPerMinute",
  tokens_day: "tokensPerDay",
  cost_day: "costPerDay",
} as const satisfies Record<Resource, keyof Limits>;

const SENTENCE: Record<Resource, (limit: number) => string> = {
  streams: (limit) => `may have ${limit} requests running at once`,
  requests: (limit) => `may send ${limit} requests a minute`,
  tokens: (limit) => `may use ${limit} tokens a minute`,
  tokens_day: (limit) => `may use ${limit} tokens a day`,
  cost_day: (limit) => `may spend ${limit} a day`,
};

/** Cost is counted in millionths: the database keeps whole numbers. */
const COST_UNITS = 1_000_000;

export const costUnits = (cost: number): number => cost * COST_UNITS;

/** In the units of its meter, whole. */
export function limitOf(limits: Limits, resource: Resource): number | undefined {
  const limit = limits[LIMIT_OF[resource]];
  if (limit === undefined) return undefined;
  return resource === "cost_day" ? Math.round(costUnits(limit)) : Math.floor(limit);
}

/** The refusal that names the limit. `seconds` until it may be tried again; `Infinity`: it never fits. */
export function refusal(who: string, limits: Limits, resource: Resource, seconds: number): AppError {
  const limit = limits[LIMIT_OF[resource]] ?? 0;
  const sentence = `${who} ${SENTENCE[resource](limit)}`;
  if (limit <= 0) return new AppError("forbidden", `${sentence}: none at all.`);
  if (seconds === Number.POSITIVE_INFINITY) {
    return new AppError(
      "too_large",
      `${sentence}, fewer than this one request may need. Shorten it or lower max_tokens.`,
    );
  }
  const retryAfterSeconds = Math.max(1, Math.ceil(seconds));
  const hint = resource.endsWith("_day") ? "the day begins at 00:00 UTC" : `try again in ${retryAfterSeconds} s`;
  return new AppError("rate_limited", `${sentence}; ${hint}.`, { retryAfterSeconds });
}
