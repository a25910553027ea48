import type { Sql } from "#shared/database.ts";
import { digestOfJson } from "#shared/digest.ts";
import { AppError } from "#shared/errors.ts";
import type { Principal } from "#shared/principal.ts";
import type { Release } from "#shared/release.ts";
import type { Sampling } from "../answer/draft.ts";
import type { Message } from "../answer/prompt.ts";
import type { Inputs } from "./inputs.ts";

export type RecordedCandidate = {
  readonly chunk_id: string;
  readonly version_id: string;
  readonly document_id: string;
  readonly ranks: Readonly<Record<string, number>>;
};

/** An answer as it was made, from its row and its record. */
export type KeptAnswer = {
  readonly id: string;
  readonly tenant: string;
  readonly subject: string;
  readonly conversationId: string;
  readonly question: string;
  readonly standalone: string;
  readonly content: string;
  readonly outcome: string;
  readonly createdAt: number;
  readonly prompt: readonly Message[] | undefined;
  readonly inputs: Inputs | undefined;
  /** Whether the scope that was kept is the one that the record commits to. */
  readonly scopeProven: boolean;
  readonly generation: string | null;
  readonly evidenceLimit: number;
  readonly sampling: Sampling;
  readonly candidates: readonly RecordedCandidate[];
  readonly evidence: readonly string[];
  readonly releaseDigest: string;
  readonly model: { readonly upstream: string; readonly model: string } | undefined;
};

type Row = {
  id: string;
  tenant: string;
  subject: string;
  conversation_id: string;
  question: string;
  standalone: string;
  content: string;
  outcome: string;
  created_at: number;
  prompt: string | null;
  inputs: string | null;
  record: string;
};
type Dependency = {
  readonly name: string;
  readonly digest: { readonly sha256: string };
  readonly annotations?: { readonly chunk_id?: string };
};
type Statement = {
  readonly predicate: {
    readonly buildDefinition: {
      readonly externalParameters: Sampling;
      readonly internalParameters: {
        readonly "gen_ai.retrieval.top_k": number;
        readonly generation: string | null;
        readonly scope: { readonly sha256: string };
        readonly candidates: readonly RecordedCandidate[];
      };
      readonly resolvedDependencies: readonly Dependency[];
    };
    readonly model: { readonly upstream: string; readonly model: string } | null;
  };
};

/** The answer of a tenant with all that a replay starts from. Rejects with `not_found` for what is another tenant's. */
export async function loadKept(sql: Sql, { tenant }: Principal, id: string): Promise<KeptAnswer> {
  const row = await sql.get<Row>(
    `select a.id, a.tenant, a.subject, a.conversation_id, a.question, a.standalone, a.content, a.outcome, a.created_at,
       a.prompt, a.inputs, r.record
     from answer a join lineage_record r on r.answer_id = a.id where a.id = $1 and a.tenant = $2`,
    [id, tenant],
  );
  if (!row) throw new AppError("not_found", "There is no such answer.");
  const { buildDefinition, model } = (JSON.parse(row.record) as Statement).predicate;
  const { internalParameters: internal, externalParameters: external, resolvedDependencies } = buildDefinition;
  const inputs = row.inputs === null ? undefined : (JSON.parse(row.inputs) as Inputs);
  return {
    ...{ id, tenant, subject: row.subject, conversationId: row.conversation_id, question: row.question },
    ...{ standalone: row.standalone, content: row.content, outcome: row.outcome, createdAt: Number(row.created_at) },
    prompt: row.prompt === null ? undefined : (JSON.parse(row.prompt) as Message[]),
    inputs,
    scopeProven: inputs !== undefined && scopeDigest(tenant, inputs) === internal.scope.sha256,
    generation: internal.generation,
    evidenceLimit: internal["gen_ai.retrieval.top_k"],
    sampling: samplingOf(external),
    candidates: internal.candidates,
    evidence: resolvedDependencies.flatMap(({ name, annotations }) =>
      name.startsWith("evidence:") && annotations?.chunk_id !== undefined ? [annotations.chunk_id] : [],
    ),
    releaseDigest: resolvedDependencies.find(({ name }) => name === "release")?.digest.sha256 ?? "",
    model: model ?? undefined,
  };
}

const scopeDigest = (tenant: string, { acl, collections }: Inputs): string =>
  digestOfJson({ tenant, acl: acl.toSorted(), collections });

function samplingOf({ temperature, top_p, max_tokens, seed, stop }: Sampling): Sampling {
  const given = { temperature, top_p, max_tokens, seed, stop };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Sampling;
}

/** A release that was in use here, by its digest or by the first eight or more of its digits. Rejects with `not_found`. */
export async function loadKeptRelease(sql: Sql, digest: string): Promise<Release> {
  const wanted = digest.replace(/^sha256:/, "").toLowerCase();
  const rows = /^[0-9a-f]{8,64}$/.test(wanted)
    ? await sql.all<{ digest: string; name: string; content: string }>(
        "select digest, name, content from release where digest >= $1 and digest <= $2 limit 2",
        [wanted, wanted.padEnd(64, "f")],
      )
    : [];
  const [row, other] = rows;
  if (!row) throw new AppError("not_found", "No release with this digest was ever in use here.", { param: "release" });
  if (other) throw new AppError("invalid_request", "Several releases begin like this.", { param: "release" });
  return { ...(JSON.parse(row.content) as Omit<Release, "digest" | "name">), digest: row.digest, name: row.name };
}
