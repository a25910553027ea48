import { ACL_ENTRY } from "#shared/principal.ts";
import { type Command, type Context, listOf, parseFlags, UsageError } from "../command.ts";
import { type Found, findFiles, NOT_SUPPORTED } from "../find-files.ts";
import { oneLine } from "../printable.ts";
import { createProgressBar } from "../progress-bar.ts";
import { type Uploaded, uploadAll, waitForAll } from "../upload.ts";

export const ingest: Command = {
  name: "ingest",
  summary: "upload files and folders",
  help: `Usage: ./cairn ingest PATH… [--collection NAME] [--acl LIST] [--no-wait] [--json]

Uploads files, and all files below folders whose format is supported, which docs/en/formats.md lists.
A second run uploads what has changed; the rest is "unchanged". A document is known by the name of its folder and
its path in it: put another folder of the same name into another collection.

  --collection NAME   the collection to put the documents in (default)
  --acl LIST          who may read them: tenant, user:NAME, group:NAME, separated by commas (tenant)
  --no-wait           do not wait until the documents are searchable
  --json              print {ready, accepted, unchanged, failed, skipped, documents, skipped_files}

Exit code: 0 all is in, 1 a file failed.`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, {
      collection: { type: "string" },
      acl: { type: "string" },
      "no-wait": { type: "boolean" },
    });
    if (positionals.length === 0) throw new UsageError("Which files or folders?");
    const acl = listOf(values.acl);
    const wrong = acl?.find((entry) => !ACL_ENTRY.test(entry));
    if (wrong !== undefined) throw new UsageError(`--acl: "${wrong}" must be tenant, user:NAME or group:NAME.`);
    if (acl?.length === 0) throw new UsageError("--acl must name somebody. Leave it out for everyone in the tenant.");
    const found = await findFiles(positionals);
    const sent = await send(found, { collection: values.collection, acl }, values["no-wait"] !== true, context);
    const refused = found.refused.map((one) => ({ ...one, uri: null, state: "failed" as const }));
    report([...refused, ...sent], found.skipped, context);
    return refused.length > 0 || sent.some(({ state }) => state === "failed") ? 1 : 0;
  },
};

type Settings = { readonly collection: string | undefined; readonly acl: readonly string[] | undefined };

async function send({ files }: Found, settings: Settings, wait: boolean, context: Context): Promise<Uploaded[]> {
  const { client, output, signal } = context;
  try {
    const uploading = createProgressBar(output.progress, "Uploading", files.length);
    const sent = await uploadAll(client, files, settings, uploading.step, signal).finally(uploading.end);
    const waiting = wait ? sent.filter(({ state }) => state === "accepted") : [];
    const reading = createProgressBar(output.progress, "Reading", waiting.length);
    const read = await waitForAll(client, waiting, reading.step, signal).finally(reading.end);
    const byJob = new Map(read.map((one) => [one.job_id, one]));
    return sent.map((one) => byJob.get(one.job_id) ?? one);
  } finally {
    if (signal.aborted) output.note("What was uploaded is being read all the same: see ./cairn status.");
  }
}

type Row = { readonly path: string; readonly state: Uploaded["state"]; readonly reason?: string };

function report(rows: readonly Row[], skipped: Found["skipped"], { output, json }: Context): void {
  const count = (state: Uploaded["state"]): number => rows.filter((row) => row.state === state).length;
  const [ready, accepted] = [count("ready"), count("accepted")];
  const [unchanged, failed] = [count("unchanged"), count("failed")];
  if (json) {
    const counts = { ready, accepted, unchanged, failed, skipped: skipped.length };
    output.json({ ...counts, documents: rows, skipped_files: skipped });
    return;
  }
  for (const { path, state, reason } of rows) {
    if (state === "failed") output.note(`Failed: ${oneLine(path)}: ${oneLine(reason ?? "")}`);
  }
  for (const { path, reason } of skipped) {
    if (reason !== NOT_SUPPORTED) output.note(`Skipped: ${oneLine(path)}: ${oneLine(reason)}`);
  }
  const parts = [
    `${ready} ready`,
    ...(accepted > 0 ? [`${accepted} uploaded and not read yet`] : []),
    `${unchanged} unchanged`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
  ];
  output.line(`Documents: ${parts.join(", ")}.`);
  const foreign = skipped.filter(({ reason }) => reason === NOT_SUPPORTED).length;
  if (foreign > 0)
    output.line(
      `${foreign} of the skipped ${foreign === 1 ? "has a format" : "have formats"} that Cairn does not read.`,
    );
}
