import { z } from "zod";
import { publishedKeySchema } from "./signing-key.ts";

export const BUNDLE_FORMAT = "urn:cairn:lineage:bundle:v1";

/** What a commitment was made of: sha256 over the salt's 16 bytes and the text in UTF-8. */
const opening = z.strictObject({ salt: z.string().regex(/^[0-9a-f]{32}$/), text: z.string() });

/** `erased`: the text is gone for good. `withheld`: whoever asked may not read it now. */
const openingOrNot = z.union([opening, z.enum(["erased", "withheld"])]);

/** All that is needed to verify an answer offline, in one file. */
export const bundleSchema = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  openings: z.strictObject({ answer: openingOrNot, question: openingOrNot }),
  tag: z.record(z.string(), z.unknown()),
  envelope: z.strictObject({
    payloadType: z.string(),
    payload: z.string(),
    signatures: z.array(z.strictObject({ keyid: z.string(), sig: z.string() })),
  }),
  keys: z.array(publishedKeySchema),
  /** `null` for the moment in which the record has no place in the log yet. */
  log: z.strictObject({ checkpoint: z.string(), index: z.int().min(0), hashes: z.array(z.string()) }).nullable(),
});
export type Bundle = z.infer<typeof bundleSchema>;
