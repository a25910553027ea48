import type { Blobs } from "./blobs.ts";
import { checkBlobKey } from "./blobs.ts";
import { sha256 } from "./digest.ts";
import { AppError } from "./errors.ts";
import { type S3Access, S3Refusal, s3Client, said } from "./s3-client.ts";

const DIGEST = "x-amz-meta-sha256";

export type S3Settings = S3Access & {
  /** `s3://bucket` or `s3://bucket/prefix`. */
  readonly location: string;
};

/**
 * Blobs in any S3-compatible store. The store checks each upload against its sha256, and each download is checked
 * against it again: bytes that were damaged on the way or at rest are never taken for a document.
 */
export function s3Blobs({ location, ...access }: S3Settings): Blobs {
  const { host: bucket, pathname } = new URL(location);
  const prefix = pathname.replace(/^\/+|\/+$/g, "");
  const client = s3Client(bucket, access, "The blob store");
  const nameOf = (key: string): string => (prefix === "" ? key : `${prefix}/${key}`);

  async function object(method: string, key: string, init: RequestInit = {}): Promise<Response> {
    checkBlobKey(key);
    return client.object(method, nameOf(key), init);
  }

  return {
    async put(key, bytes) {
      const digest = sha256(bytes);
      const headers = {
        "x-amz-content-sha256": digest,
        "x-amz-checksum-sha256": Buffer.from(digest, "hex").toString("base64"),
        [DIGEST]: digest,
      };
      await expected(object("PUT", key, { headers, body: Buffer.from(bytes) }));
    },
    async get(key) {
      const response = await object("GET", key);
      if (response.status === 404) throw new AppError("not_found", "The stored content is gone.");
      await expected(Promise.resolve(response));
      const bytes = new Uint8Array(await response.arrayBuffer());
      const digest = response.headers.get(DIGEST);
      if (digest !== null && digest !== sha256(bytes))
        throw new Error(`The blob ${key} is damaged: its digest differs`);
      return bytes;
    },
    async remove(key) {
      checkBlobKey(key);
      const own = nameOf(key);
      for await (const { key: name } of client.list(own)) {
        // A prefix of text, not of folders: t/v1 is also the start of t/v10.
        if (name !== own && !name.startsWith(`${own}/`)) continue;
        await expected(client.object("DELETE", name));
      }
    },
    async *keys() {
      const below = prefix === "" ? "" : `${prefix}/`;
      for await (const { key } of client.list(below)) yield key.slice(below.length);
    },
  };
}

async function expected(sent: Promise<Response>): Promise<Response> {
  const response = await sent;
  if (response.ok) return response;
  throw new S3Refusal(response.status, await said(response));
}
