import { type Command, idOf, parseFlags } from "../command.ts";
import type { Output } from "../output.ts";
import { oneLine } from "../printable.ts";

type Source = {
  readonly rank: number;
  readonly use: string;
  readonly status: string;
  readonly digest: string;
  readonly document_id?: string;
  readonly version_id?: string;
  readonly title?: string;
  readonly uri?: string;
};
type Answer = {
  readonly id: string;
  readonly created_at: string;
  readonly outcome: string;
  readonly erased: boolean;
  readonly withdrawn: readonly { readonly id: string; readonly kind: string; readonly at: string }[];
  readonly lineage: {
    readonly release: { readonly name: string | null; readonly digest: string };
    readonly models: readonly {
      readonly role: string;
      readonly model: string;
      readonly upstream: string;
      readonly assurance: string;
      readonly digest?: string;
    }[];
    readonly index: { readonly generation: string | null };
    readonly sources: readonly Source[];
    readonly sources_omitted?: number;
  };
};
type Verification = {
  readonly ok: boolean;
  readonly level: string | null;
  readonly checks: readonly { readonly property: string; readonly result: string; readonly detail: string }[];
};

const ASSURANCES: Readonly<Record<string, string>> = {
  attested: "measured, and nothing contradicts it",
  observed: "seen, not compared with anything",
  declared: "the word of whoever runs it",
};
const SIGNS: Readonly<Record<string, string>> = { ok: "✓", failed: "✗", erased: "–", skipped: "–" };

export const lineage: Command = {
  name: "lineage",
  summary: "show what an answer was made of, and what of it is proven",
  help: `Usage: ./cairn lineage ID [--prov] [--json]

ID   of an answer: "lineage" in the output of ./cairn ask

Shows documents and versions, model, release and index of an answer, what was withdrawn or erased since, and what a
verification on the server finds. To verify without trusting the server: ./cairn verify

  --prov   print it as W3C PROV (PROV-JSONLD)
  --json   print {answer, verification}

Exit code: 0 verified, 1 failed.`,
  async run(args, { client, output, json, signal }) {
    const { values, positionals } = parseFlags(args, { prov: { type: "boolean" } });
    const id = idOf(positionals, "answer");
    if (values.prov) {
      output.json(await client.call<object>(`/v1/answers/${id}/prov`, signal));
      return 0;
    }
    const answer = await client.call<Answer>(`/v1/answers/${id}`, signal);
    const verification = await client.call<Verification>(`/v1/answers/${id}/verify`, signal, { method: "POST" });
    if (json) output.json({ answer, verification });
    else {
      showOrigin(answer, output);
      showChecks(verification, output);
    }
    return verification.ok ? 0 : 1;
  },
};

function showOrigin({ id, created_at, outcome, erased, withdrawn, lineage: made }: Answer, output: Output): void {
  const { release, models, index, sources, sources_omitted = 0 } = made;
  output.line(`Answer ${oneLine(id)}, ${oneLine(created_at)}: ${oneLine(outcome)}`);
  if (erased) output.line("ERASED: its text is gone with a document that it rested on.");
  for (const { kind, at, id: withdrawal } of withdrawn) {
    output.line(`WITHDRAWN since ${oneLine(at)}: its ${oneLine(kind).replace("_", " ")} (${oneLine(withdrawal)})`);
  }
  output.line("\nDocuments");
  if (sources.length === 0) output.line("  none: no passage was given to a model");
  for (const source of sources) output.line(sourceLine(source));
  if (sources_omitted > 0) output.line(`  and ${sources_omitted} more, which the record lists`);
  output.line("\nMade with");
  if (models.length === 0) output.line("  model    none");
  for (const { role, model, upstream, assurance, digest } of models) {
    const sure = ASSURANCES[assurance] ?? oneLine(assurance);
    output.line(
      `  ${role === "embed" ? "embedder" : "model   "} ${oneLine(model)} at ${oneLine(upstream)}${digest ? ` ${oneLine(digest)}` : ""}: ${sure}`,
    );
  }
  output.line(`  release  ${oneLine(release.name ?? "")} ${oneLine(release.digest)}`);
  output.line(`  index    ${oneLine(index.generation ?? "none was searched")}`);
}

function sourceLine({ rank, use, status, title, uri, document_id, version_id, digest }: Source): string {
  const how = `${oneLine(use).replace("_", " ")}, ${oneLine(status)}`;
  if (title === undefined) return `  [${rank}] ${oneLine(digest)}: ${how}; you may not read it`;
  const ids = `document ${oneLine(document_id ?? "")}, version ${oneLine(version_id ?? "")}`;
  return `  [${rank}] ${oneLine(title)} (${oneLine(uri ?? "")}): ${how}\n      ${ids}`;
}

function showChecks({ ok, level, checks }: Verification, output: Output): void {
  output.line(`\nChecked: ${ok ? `level ${oneLine(level ?? "")}` : "FAILED"}`);
  for (const { property, result, detail } of checks) {
    output.line(`  ${SIGNS[result] ?? "?"} ${oneLine(property).padEnd(12)} ${oneLine(detail)}`);
  }
  output.line(
    "\nNot proven by any of this: that the answer is true, and that a remote model is the one it says it is.",
  );
}
