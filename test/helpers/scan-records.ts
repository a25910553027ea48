import type { Database } from "#shared/database.ts";
import type { Use } from "../../services/retrieval-api/recall/impact.ts";
import type { Kind } from "../../services/retrieval-api/recall/withdrawal.ts";

type Place = { readonly chunk_id: string; readonly version_id: string; readonly document_id: string };
type Dependency = { readonly name: string; readonly digest: { readonly sha256: string }; readonly annotations?: Place };
type Statement = {
  readonly predicate: {
    readonly buildDefinition: {
      readonly internalParameters: {
        readonly candidates: readonly Place[];
        readonly dense?: { readonly outcome: string; readonly model: { readonly model: string } | null };
      };
      readonly resolvedDependencies: readonly Dependency[];
    };
    readonly model: { readonly model: string } | null;
    readonly claims: readonly { readonly marker: number }[];
  };
};

/** What the record of one answer says it was made of. */
export type Scanned = {
  readonly id: string;
  readonly tenant: string;
  readonly conversation: string;
  readonly uses: ReadonlyMap<string, ReadonlySet<Use>>;
};

/** Every record, read as an auditor would: nothing of the table of dependencies is asked. */
export async function scanRecords(db: Database): Promise<Scanned[]> {
  const rows = await db.all<{ answer_id: string; tenant: string; record: string; conversation_id: string }>(
    "select r.answer_id, r.tenant, r.record, a.conversation_id from lineage_record r join answer a on a.id = r.answer_id",
  );
  const versions = await db.all<{ id: string; parser: string; run_id: string; tenant: string }>(
    "select id, parser, run_id, tenant from document_version",
  );
  const made = new Map(versions.map((version) => [version.tenant + version.id, version]));
  return rows.map(({ answer_id, tenant, record, conversation_id }) => {
    const { predicate } = JSON.parse(record) as Statement;
    const uses = new Map<string, Set<Use>>();
    const add = (kind: Kind, target: string, use: Use): void => {
      uses.set(`${kind} ${target}`, (uses.get(`${kind} ${target}`) ?? new Set()).add(use));
    };
    const rests = ({ version_id, document_id }: Place, use: Use): void => {
      add("document_version", version_id, use);
      add("document", document_id, use);
      const version = made.get(tenant + version_id);
      if (version) add("ingest_run", version.run_id, use);
      if (version) add("parser", version.parser, use);
    };
    const { resolvedDependencies, internalParameters } = predicate.buildDefinition;
    const digestOf = (name: string): string => resolvedDependencies.find((one) => one.name === name)!.digest.sha256;
    add("release", digestOf("release"), "configured");
    add("prompt", digestOf("prompt:answer"), "configured");
    if (predicate.model) add("model", predicate.model.model, "generated");
    const { dense } = internalParameters;
    if (dense?.outcome === "used") add("model", dense.model!.model, "retrieved");
    const cited = new Set(predicate.claims.map(({ marker }) => `evidence:${marker}`));
    const evidence = resolvedDependencies.filter(({ name }) => name.startsWith("evidence:"));
    for (const { name, annotations } of evidence) rests(annotations!, cited.has(name) ? "cited" : "in_context");
    const used = new Set(evidence.map(({ annotations }) => annotations!.chunk_id));
    for (const one of internalParameters.candidates) if (!used.has(one.chunk_id)) rests(one, "retrieved");
    return { id: answer_id, tenant, conversation: conversation_id, uses };
  });
}

export const usesIn = ({ uses }: Scanned, kind: Kind, target: string): ReadonlySet<Use> =>
  uses.get(`${kind} ${target}`) ?? new Set();
