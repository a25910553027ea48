import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { openCheckpoint } from "#shared/lineage/checkpoint.ts";
import { measureCode } from "#shared/lineage/measure.ts";
import { type PublishedKey, publishedKeySchema } from "#shared/lineage/signing-key.ts";
import { exitCodeOf, type Known, PROPERTIES, verifyBundle } from "#shared/lineage/verify-bundle.ts";
import type { KnownLog } from "#shared/lineage/verify-log.ts";
import { type Command, type Context, parseFlags, UsageError } from "../command.ts";
import { verificationReport } from "../verification-report.ts";

const ROOT = join(import.meta.dirname, "../../..");
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const keysSchema = z.object({ keys: z.array(publishedKeySchema) });

export const verify: Command = {
  name: "verify",
  summary: "check an answer's record, signature, tag and place in the log",
  help: `Usage: ./cairn verify FILE|ID [--online] [--keys FILE] [--checkpoint FILE] [--code] [--json]
       ./cairn verify --code

Checks a file that GET /v1/answers/{id}/record gave, offline. With the id of an answer, the file is fetched first.

  --online           take the keys from the server, and check that its log still holds what the file says
  --keys FILE        take the keys from this file, such as a kept copy of /.well-known/cairn-keys.json
  --checkpoint FILE  compare with a checkpoint of the log that you kept
  --code             check that the answer was made with the code that is here; alone: print the digest of that code
  --json             print {ok, level, checks}

Exit code: 0 verified, otherwise the first property that failed:
  ${Object.entries(PROPERTIES)
    .map(([property, code]) => `${code} ${property}`)
    .join(", ")}.
1: the file or the server could not be read.`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, {
      online: { type: "boolean" },
      keys: { type: "string" },
      checkpoint: { type: "string" },
      code: { type: "boolean" },
    });
    const [place, ...more] = positionals;
    if (more.length > 0) throw new UsageError("Give one file.");
    const code = values.code ? await measureCode(ROOT) : undefined;
    if (place === undefined) {
      if (code === undefined) throw new UsageError("Which file? Give one that GET /v1/answers/{id}/record gave.");
      context.json ? context.output.json({ code: `sha256:${code}` }) : context.output.line(`sha256:${code}`);
      return 0;
    }
    if (values.online && (values.keys ?? values.checkpoint) !== undefined) {
      throw new UsageError("--online fetches keys and checkpoint; leave --keys and --checkpoint out.");
    }
    const text = UUID.test(place)
      ? await context.client.read(`/v1/answers/${place}/record`, context.signal)
      : await textOf(place);
    const known: Known = {
      ...(values.online ? await fromServer(text, context) : await fromFiles(values.keys, values.checkpoint)),
      ...(code !== undefined && { code }),
    };
    return report(text, known, values.online ? context.client.url : (values.keys ?? "the file itself"), context);
  },
};

function report(text: string, known: Known, keysFrom: string, { output, json }: Context): number {
  const verification = verifyBundle(text, known);
  const { ok, level, checks } = verification;
  if (json) output.json({ ok, level, checks });
  else for (const line of verificationReport(verification, keysFrom)) output.line(line);
  return exitCodeOf(verification);
}

async function fromServer(text: string, { client, signal }: Context): Promise<Known> {
  const { keys } = keysSchema.parse(await client.call("/.well-known/cairn-keys.json", signal));
  const own = checkpointOf(text, keys);
  if (own === undefined) return { keys };
  const checkpoint = await client.read("/v1/log/checkpoint", signal);
  const now = openCheckpoint(checkpoint, keys)?.size ?? 0;
  // A log that is shorter than it was has no proof to give: the verifier is to say so.
  const path = `/v1/log/consistency?from=${Math.min(own, now)}&to=${Math.max(own, now)}`;
  const hashes = now < own ? [] : (await client.call<{ hashes: string[] }>(path, signal)).hashes;
  const log: KnownLog = { checkpoint, hashes };
  return { keys, log };
}

/** The size of the log that the file speaks of. */
function checkpointOf(text: string, keys: readonly PublishedKey[]): number | undefined {
  const { bundle } = verifyBundle(text, { keys });
  return bundle?.log ? openCheckpoint(bundle.log.checkpoint, keys)?.size : undefined;
}

async function fromFiles(keys: string | undefined, checkpoint: string | undefined): Promise<Known> {
  return {
    ...(keys !== undefined && { keys: keysOf(keys, await textOf(keys)) }),
    ...(checkpoint !== undefined && { log: { checkpoint: await textOf(checkpoint), hashes: undefined } }),
  };
}

function keysOf(path: string, text: string): readonly PublishedKey[] {
  try {
    return keysSchema.parse(JSON.parse(text)).keys;
  } catch {
    throw new Error(`${path} does not hold the keys of /.well-known/cairn-keys.json.`);
  }
}

/** Bytes that are no UTF-8 become signs that nobody signed. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Error(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
