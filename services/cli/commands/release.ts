import { type Command, type Context, parseFlags, UsageError } from "../command.ts";
import { oneLine } from "../printable.ts";

const DIGEST = /^(sha256:)?[0-9a-f]{8,64}$/;

type Listed = {
  readonly digest: string;
  readonly name: string;
  readonly in_use: boolean;
  readonly first_used_at: string;
};

export const release: Command = {
  name: "release",
  summary: "list releases, or print the bill of materials of one",
  help: `Usage: ./cairn release [list] [--json]
       ./cairn release bom [DIGEST]

list   the releases that were in use here, newest first
bom    what a release is made of, as CycloneDX 1.6: prompt, settings, models, index, code and runtime

DIGEST   of a release, or its first eight digits or more (the release in use)
  --json   print what the API returns; a bill of materials is JSON anyway

Both need a key with the scope "audit".`,
  async run(args, context) {
    const { positionals } = parseFlags(args, {});
    const [action = "list", digest, ...more] = positionals;
    if (action === "list") {
      if (digest !== undefined) throw new UsageError('"release list" takes no arguments.');
      return list(context);
    }
    if (action !== "bom") throw new UsageError(`There is no "release ${action}". List, or bom?`);
    if (more.length > 0) throw new UsageError("Give the digest of one release.");
    if (digest !== undefined && !DIGEST.test(digest))
      throw new UsageError(`"${digest}" is not the digest of a release.`);
    return bom(digest, context);
  },
};

const listed = async ({ client, signal }: Context): Promise<readonly Listed[]> =>
  (await client.call<{ releases: readonly Listed[] }>("/v1/releases", signal)).releases;

async function list(context: Context): Promise<number> {
  const releases = await listed(context);
  if (context.json) context.output.json({ releases });
  else {
    for (const { digest, name, in_use, first_used_at } of releases) {
      const use = in_use ? "  in use" : "";
      context.output.line(`${oneLine(digest)}  ${oneLine(name)}  since ${oneLine(first_used_at)}${use}`);
    }
  }
  return 0;
}

async function bom(digest: string | undefined, context: Context): Promise<number> {
  const wanted = digest ?? (await listed(context)).find(({ in_use }) => in_use)?.digest;
  if (wanted === undefined) throw new Error("No release is in use here.");
  context.output.json(await context.client.call<object>(`/v1/releases/${wanted}/bom`, context.signal));
  return 0;
}
