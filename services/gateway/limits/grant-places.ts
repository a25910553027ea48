import type { Places } from "./quota.ts";

/** Who has how many places of an account, until when. */
export type Holders = { readonly [holder: string]: { readonly places: number; readonly expiresAt: number } };

/** Grants what the others leave. Places whose holder has stopped renewing them are free again. */
export function grantPlaces(
  before: Holders,
  { holder, running, wanted, limit, now, expiresAt }: Places,
): { granted: number; holders: Holders } {
  const others = Object.entries(before).filter(([name, held]) => name !== holder && held.expiresAt > now);
  const taken = others.reduce((sum, [, held]) => sum + held.places, 0);
  const granted = Math.max(running, Math.min(wanted, limit - taken), 0);
  const mine = granted > 0 ? [[holder, { places: granted, expiresAt }] as const] : [];
  return { granted, holders: Object.fromEntries([...others, ...mine]) };
}
