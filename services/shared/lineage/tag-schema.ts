import { z } from "zod";
import { assuranceSchema } from "./answer-statement.ts";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const time = z.iso.datetime({ precision: 3 });
const count = z.int().min(0);

/** L1 recorded, L2 signed, L3 attested and logged. L4, replayed, is nothing that a record can say of itself. */
export const levelSchema = z.enum(["L1", "L2", "L3"]);

const verification = z.strictObject({
  level: levelSchema,
  signed: z.boolean(),
  algorithm: z.literal("Ed25519").nullable(),
  keyid: z.string().nullable(),
  /** Whether every digest of what the answer was made with was measured and nothing contradicts it. */
  attested: z.boolean(),
  /** Whether it has its place in the log: a moment after the answer. */
  logged: z.boolean(),
});
export type TagVerification = z.infer<typeof verification>;

const source = z.strictObject({
  rank: z.int().min(1),
  document_id: z.string(),
  version_id: z.string(),
  use: z.enum(["cited", "in_context"]),
  digest,
});
export type TagSource = z.infer<typeof source>;

/** The public tag of an answer, as it is issued. What answers show adds title, address and `status` to each
 * source: they change, and end with an erasure, so they are not in the record. */
export const tagSchema = z.strictObject({
  id: z.uuid(),
  outcome: z.enum(["answered", "partial", "no_evidence", "refused", "aborted", "error"]),
  conversation_id: z.string(),
  started_at: time,
  finished_at: time,
  /** IPTC: made by a trained model. */
  digital_source_type: z.literal("trainedAlgorithmicMedia"),
  release: z.strictObject({ name: z.string().nullable(), digest }),
  models: z.array(
    z.strictObject({
      role: z.enum(["chat", "embed"]),
      model: z.string(),
      upstream: z.string(),
      assurance: assuranceSchema,
      digest: digest.optional(),
    }),
  ),
  index: z.strictObject({
    generation: z.string().nullable(),
    /** What the tenant's log held when the answer was written. */
    log: z.strictObject({ size: count, root: z.string() }).nullable(),
  }),
  sources: z.array(source),
  sources_omitted: z.int().min(1).optional(),
  /** Spans of the answer in code points, with the rank of the source that each rests on. */
  claims: z.array(z.strictObject({ start: count, end: count, source: z.int().min(1) })),
  claims_omitted: z.int().min(1).optional(),
  record: z.strictObject({ digest, url: z.string() }),
  verification,
});
export type Tag = z.infer<typeof tagSchema>;
