import { z } from "zod";

/** Longest question or query, in UTF-16 code units. */
export const MAX_QUESTION = 8000;

/** Half a surrogate pair is no text: it has no UTF-8, and no digest could be made of it. */
const collectionName = z
  .string()
  .min(1)
  .max(128)
  .refine((name) => name.isWellFormed(), "must be whole Unicode text");

/** The collections to search in. */
export const collections = z.array(collectionName).min(1).max(50);
