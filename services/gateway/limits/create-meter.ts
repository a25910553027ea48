import type { Clock } from "../clock.ts";
import { countPlaces, countWindow } from "./counters.ts";
import type { Meter } from "./meter.ts";
import { leasePlaces } from "./place-leases.ts";
import type { Leasing, Quota } from "./quota.ts";
import { leaseWindow } from "./quota-leases.ts";
import type { Resource } from "./resources.ts";
import { createBucket } from "./token-bucket.ts";
import { DAY, minuteOf } from "./window.ts";

export type CreateMeter = (account: string, resource: Resource, limit: number) => Meter;

/** Meters that share their limits with other replicas by leasing, or, without a quota, count exactly and alone. */
export function createMeterBy(quota: Quota | undefined, now: () => number, clock: Clock): CreateMeter {
  const leasing: Leasing | undefined = quota && { quota, now, clock };
  return (account, resource, limit) => {
    const ofDay = resource === "tokens_day" || resource === "cost_day";
    if (!leasing) {
      if (resource === "streams") return countPlaces(limit);
      return ofDay ? countWindow(limit, DAY, now) : createBucket(limit, clock);
    }
    if (resource === "streams") return leasePlaces({ account, limit }, leasing);
    return leaseWindow({ account, resource, limit }, ofDay ? DAY : minuteOf(account), leasing);
  };
}
