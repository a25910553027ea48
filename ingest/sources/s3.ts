import { basename, extname } from "node:path";
import { AppError } from "#shared/errors.ts";
import { FORMATS, MAX_DOCUMENT_BYTES, mediaTypeOf } from "#shared/formats.ts";
import { type S3Access, type S3Object, S3Refusal, s3Client } from "#shared/s3-client.ts";
import type { Found, List } from "./listing.ts";
import type { Source } from "./sources.ts";

type Client = ReturnType<typeof s3Client>;

/** The supported objects below `s3://bucket/prefix/`. One has changed when its ETag has. */
export const listS3 = (access: S3Access | undefined, { location }: Pick<Source, "location">): List =>
  async function* (signal): AsyncGenerator<Found> {
    if (!access) {
      const hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
      throw new AppError("invalid_request", `This server has no credentials for S3. ${hint}`, { param: "location" });
    }
    const [, bucket = "", folder = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location) ?? [];
    const client = s3Client(bucket, access, "The S3 store");
    const prefix = folder === "" ? "" : `${folder}/`;
    try {
      for await (const object of client.list(prefix, signal)) {
        const found = foundOf(client, bucket, prefix, object);
        if (found) yield found;
      }
    } catch (error) {
      if (!(error instanceof S3Refusal)) throw error;
      const why = error.status === 404 ? "There is no such bucket" : "The S3 store does not let this server list it";
      throw new AppError("invalid_request", `${why}: ${location}. Nothing was deleted.`, {
        param: "location",
        cause: error,
      });
    }
  };

/** The rules for names are those of folders: no dot files, only what can be read. */
function foundOf(client: Client, bucket: string, prefix: string, { key, etag, bytes }: S3Object): Found | undefined {
  const path = key.slice(prefix.length);
  if (!FORMATS.has(extname(path).toLowerCase()) || path.split("/").some((part) => part.startsWith(".")))
    return undefined;
  const uri = `s3://${bucket}/${key}`;
  const skip = (reason: string): Found => ({ type: "item-skipped", path, uri, reason });
  if (bytes > MAX_DOCUMENT_BYTES) return skip("The object is larger than 50 MB.");
  if (bytes === 0) return skip("The object is empty.");
  return {
    type: "item-found",
    item: {
      uri,
      path,
      fingerprint: `s3:${etag}`,
      bytes,
      fileName: basename(path),
      mediaType: mediaTypeOf(extname(path).toLowerCase()),
      origin: { revision: etag.replaceAll('"', "") },
      read: (signal) => readObject(client, key, etag, signal),
    },
  };
}

/** Only as it was listed: a fingerprint must not be kept for other bytes than its own. */
async function readObject(client: Client, key: string, etag: string, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await client.object("GET", key, { headers: { "if-match": etag } }, signal);
  if (response.status === 200) {
    const broken = (cause: unknown): never => {
      throw new AppError("unavailable", "The S3 store broke off. The next sync takes the object in.", { cause });
    };
    return new Uint8Array(await response.arrayBuffer().catch(broken));
  }
  await response.body?.cancel();
  if (response.status === 412 || response.status === 404)
    throw new AppError("unavailable", "The object changed while it was listed. The next sync takes it in.");
  throw new AppError("unavailable", `The object could not be read: the S3 store answered ${response.status}.`);
}
