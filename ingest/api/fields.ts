import { z } from "zod";
import { ACL_ENTRY } from "#shared/principal.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not enter a listing
const NO_CONTROL = /^[^\u0000-\u001f\u007f]*$/;
const MAX_ACL_ENTRIES = 100;

/** Field rules that several routes share. */
export const id = z.string().regex(/^[\w-]{1,64}$/, "is not an id");
export const collection = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,63}$/u, "must be 1 to 64 letters, digits, '.', '_' or '-'");
export const title = z.string().trim().min(1).max(500).regex(NO_CONTROL, "must not contain control characters");
export const uri = z.string().trim().min(1).max(1000).regex(NO_CONTROL, "must not contain control characters");
export const acl = z
  .array(z.string().regex(ACL_ENTRY, 'must be "tenant", "user:<subject>" or "group:<name>"'))
  .min(1, "must name somebody; leave it out for everyone in the tenant")
  .max(MAX_ACL_ENTRIES);
export const limit = z.coerce.number().int().min(1).max(200).default(50);
