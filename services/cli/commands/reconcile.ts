import { type Command, parseFlags, UsageError } from "../command.ts";
import { oneLine } from "../printable.ts";

const SHOWN = 5;

type Versions = { readonly count: number; readonly version_ids: readonly string[] };
type Drift = {
  readonly dry_run: boolean;
  readonly index: { readonly left_over: Versions; readonly missing: Versions };
  readonly files: { readonly left_over: Versions; readonly missing: Versions };
};

export const reconcile: Command = {
  name: "reconcile",
  summary: "compare database, index and stored files, and repair",
  help: `Usage: ./cairn reconcile [--dry-run] [--json]

Compares database, search index and stored files now; workers do so by themselves as well. What the index holds for
nobody leaves it, and what it lacks is ingested again. Stored files without a document are removed by a worker when it
still finds them an hour later. A document whose stored file is gone needs a backup, or to be uploaded again.

  --dry-run  only say what differs
  --json     print what the API returns

For administrators of the tenant "local".
Exit code: 0 all agrees or was repaired, 1 stored files are missing.`,
  async run(args, { client, output, json, signal }) {
    const { values, positionals } = parseFlags(args, { "dry-run": { type: "boolean" } });
    if (positionals.length > 0) throw new UsageError("This command takes no arguments.");
    const body = { method: "POST", json: { dry_run: values["dry-run"] ?? false } } as const;
    const drift = await client.call<Drift>("/v1/reconciliations", signal, body);
    const { index, files } = drift;
    if (json) output.json(drift);
    else {
      output.line(lineOf("In the index for nobody", index.left_over, drift.dry_run ? "" : "removed"));
      output.line(lineOf("Missing in the index", index.missing, drift.dry_run ? "" : "ingested again"));
      output.line(lineOf("Stored files for nobody", files.left_over, "removed by a worker within a day"));
      output.line(
        lineOf("Documents without their stored file", files.missing, "restore a backup, or upload them again"),
      );
    }
    return files.missing.count > 0 ? 1 : 0;
  },
};

function lineOf(what: string, { count, version_ids }: Versions, then: string): string {
  if (count === 0) return `${what}: 0`;
  const some = version_ids.slice(0, SHOWN).map(oneLine).join(", ");
  return `${what}: ${count}${then && ` (${then})`}: ${some}${count > SHOWN ? " …" : ""}`;
}
