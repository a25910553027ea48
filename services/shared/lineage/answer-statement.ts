import { z } from "zod";

export const STATEMENT_V1 = "https://in-toto.io/Statement/v1";
export const PREDICATE_TYPE = "urn:cairn:lineage:answer:v1";

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const digest = z.strictObject({ sha256: hex });
const time = z.iso.datetime({ precision: 3 });
const count = z.int().min(0);

/**
 * How sure a digest is. `attested`: the process hashed what it runs with, and no reference says otherwise. `observed`:
 * seen, but it differs from its reference or cannot be hashed. `declared`: somebody else's word.
 */
export const assuranceSchema = z.enum(["attested", "observed", "declared"]);
export type Assurance = z.infer<typeof assuranceSchema>;

/** Something the answer was made with: release, prompt, code, runtime. */
const part = z.strictObject({
  name: z.enum(["release", "prompt:answer", "code", "runtime"]),
  /** Where it comes from, such as `git:<revision>`. */
  uri: z.string().optional(),
  digest,
  annotations: z.strictObject({
    assurance: assuranceSchema,
    /** What the release is called. */
    title: z.string().optional(),
    /** Whether it was what its reference says; absent where there was nothing to compare with. */
    matches: z.boolean().optional(),
  }),
});
export type Part = z.infer<typeof part>;

/** A passage that the model was given, under the number of its marker. */
const evidence = z.strictObject({
  name: z.string().regex(/^evidence:[1-9]\d*$/),
  uri: z.string(),
  digest,
  annotations: z.strictObject({
    /** Of the document's title and address at the time, salted: both end with an erasure, and the record does not. */
    name_sha256: hex,
    chunk_id: z.string(),
    document_id: z.string(),
    version_id: z.string(),
    version_text_sha256: z.union([hex, z.literal("")]),
    start: count,
    end: count,
  }),
});
export type EvidenceDependency = z.infer<typeof evidence>;

const model = z.strictObject({
  upstream: z.string(),
  model: z.string(),
  attempts: z.int().min(1),
  /** Whether the text is one that the gateway had kept from an equal request. */
  cached: z.boolean(),
  /** Of its weights or, for the extractive model, its code; `null` where nobody could measure it. */
  digest: digest.nullable(),
  assurance: assuranceSchema,
  "gen_ai.usage": z.record(z.string(), z.unknown()).nullable(),
  finish_reason: z.string().nullable(),
});

/** The search by vectors: whether it was part of the answer, and by whom the question was embedded. */
const dense = z.strictObject({
  outcome: z.enum(["used", "language", "late", "failed", "replaced", "withdrawn"]),
  model: z
    .strictObject({
      embedder: z.string(),
      upstream: z.string(),
      model: z.string(),
      digest: digest.nullable(),
      assurance: assuranceSchema,
    })
    .nullable(),
});

/** What a tenant's log held when the answer was written: what came before it is at least this. */
const logHead = z.strictObject({ origin: z.string(), size: count, root: z.base64() });

/** The record of an answer: an in-toto Statement whose predicate has the shape of SLSA provenance. */
export const answerStatementSchema = z.strictObject({
  _type: z.literal(STATEMENT_V1),
  subject: z.tuple([z.strictObject({ name: z.string().regex(/^answer:[0-9a-f-]{36}$/), digest })]),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.strictObject({
    outcome: z.enum(["answered", "partial", "no_evidence", "refused", "aborted", "error"]),
    buildDefinition: z.strictObject({
      buildType: z.literal(`${PREDICATE_TYPE}/rag`),
      externalParameters: z.looseObject({
        question: digest,
        tenant: z.string(),
        subject: z.string(),
        conversation_id: z.string(),
        turns_before: count,
      }),
      internalParameters: z.looseObject({
        "gen_ai.retrieval.top_k": z.int().min(1),
        standalone: digest,
        scope: digest,
        acl: digest,
        generation: z.string().nullable(),
        /** Absent where the index has no vectors. */
        dense: dense.optional(),
        log: logHead.nullable(),
        support: z.number(),
        support_threshold: z.number(),
        candidates: z.array(z.looseObject({ chunk_id: z.string() })),
      }),
      resolvedDependencies: z.array(z.union([part, evidence])),
    }),
    runDetails: z.strictObject({
      builder: z.strictObject({ id: z.string(), version: z.record(z.string(), z.string()) }),
      metadata: z.strictObject({ invocationId: z.uuid(), startedOn: time, finishedOn: time }),
      byproducts: z.array(z.strictObject({ name: z.string(), digest })),
    }),
    model: model.nullable(),
    removed_markers: count,
    claims: z.array(
      z.strictObject({
        answer: z.strictObject({ start: count, end: count }),
        marker: z.int().min(1),
        verified: z.boolean(),
        version_id: z.string(),
        start: count,
        end: count,
      }),
    ),
  }),
});
export type AnswerStatement = z.infer<typeof answerStatementSchema>;

/** Parts without which nothing is attested. */
const NEEDED = ["release", "prompt:answer", "code", "runtime"];

/** Whether all that the answer was made with is `attested`: the half of level L3 that the record itself can say. */
export function isAttested({ predicate }: AnswerStatement): boolean {
  const parts = predicate.buildDefinition.resolvedDependencies.filter(isPart);
  const sure = parts.every(({ annotations }) => annotations.assurance === "attested");
  const whole = NEEDED.every((name) => parts.some((one) => one.name === name));
  const models = [predicate.model, embedderOf(predicate)];
  return sure && whole && models.every((model) => model === null || model.assurance === "attested");
}

/** What embedded the question, where vectors were part of the search. */
export function embedderOf({ buildDefinition }: AnswerStatement["predicate"]) {
  const { dense } = buildDefinition.internalParameters;
  return dense?.outcome === "used" ? dense.model : null;
}

export const isPart = (dependency: Part | EvidenceDependency): dependency is Part =>
  !dependency.name.startsWith("evidence:");
