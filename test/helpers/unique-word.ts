import { sha256 } from "#shared/digest.ts";

/** A word like no other, of letters only: numbers are words of their own, and one slip would be mended. */
export const uniqueWord = (seed: string): string =>
  [...sha256(seed).slice(0, 12)].map((digit) => "bcdfghjklmnpqrst"[Number.parseInt(digit, 16)]).join("");
