import { setTimeout as sleep } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import type { Blobs } from "./blobs.ts";
import { checkBlobKey } from "./blobs.ts";
import { sha256 } from "./digest.ts";
import { AppError } from "./errors.ts";

const TIMEOUT_MS = 30_000;
const MAX_TRIES = 4;
const BACKOFF_MS = 100;
const DIGEST = "x-amz-meta-sha256";

export type S3Settings = {
  /** `s3://bucket` or `s3://bucket/prefix`. */
  readonly location: string;
  /** Of a store that is not Amazon's; then buckets are a part of the path. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
};

/**
 * Blobs in any S3-compatible store. The store checks each upload against its sha256, and each download is checked
 * against it again: bytes that were damaged on the way or at rest are never taken for a document.
 */
export function s3Blobs({ location, endpoint, ...credentials }: S3Settings): Blobs {
  const { host: bucket, pathname } = new URL(location);
  const prefix = pathname.replace(/^\/+|\/+$/g, "");
  const base = endpoint ? `${endpoint}/${bucket}` : `https://${bucket}.s3.${credentials.region}.amazonaws.com`;
  // Its own retries ignore how long a try takes.
  const aws = new AwsClient({ ...credentials, service: "s3", retries: 0 });
  const nameOf = (key: string): string => (prefix === "" ? key : `${prefix}/${key}`);

  async function send(path: string, init: RequestInit): Promise<Response> {
    for (let tries = 1; ; tries++) {
      const outcome = await aws.fetch(`${base}${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
        async (response) =>
          response.status >= 500 || response.status === 429 ? new Error(await said(response)) : response,
        (error: Error) => error,
      );
      if (outcome instanceof Response) return outcome;
      if (tries === MAX_TRIES) throw away(outcome);
      await sleep(BACKOFF_MS * 2 ** tries * (0.5 + Math.random()));
    }
  }
  async function object(method: string, key: string, init: RequestInit = {}): Promise<Response> {
    checkBlobKey(key);
    const path = nameOf(key).split("/").map(encodeURIComponent).join("/");
    return send(`/${path}`, { method, ...init });
  }
  async function* names(below: string): AsyncGenerator<string, void> {
    let token: string | undefined;
    do {
      const query = new URLSearchParams({
        "list-type": "2",
        prefix: below,
        ...(token && { "continuation-token": token }),
      });
      const page = await (await expected(send(`/?${query}`, { method: "GET" }))).text();
      yield* textsOf(page, "Key");
      token = textsOf(page, "IsTruncated")[0] === "true" ? textsOf(page, "NextContinuationToken")[0] : undefined;
    } while (token);
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
      for await (const name of names(own)) {
        // A prefix of text, not of folders: t/v1 is also the start of t/v10.
        if (name !== own && !name.startsWith(`${own}/`)) continue;
        await expected(send(`/${name.split("/").map(encodeURIComponent).join("/")}`, { method: "DELETE" }));
      }
    },
    async *keys() {
      const below = prefix === "" ? "" : `${prefix}/`;
      for await (const name of names(below)) yield name.slice(below.length);
    },
  };
}

async function expected(sent: Promise<Response>): Promise<Response> {
  const response = await sent;
  if (response.ok) return response;
  throw new Error(`The blob store refuses: ${await said(response)}`);
}

/** S3's answers are XML of a fixed, flat form, in which values hold no markup. */
const textsOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(([, text]) =>
    text!
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&apos;", "'")
      .replaceAll("&amp;", "&"),
  );

async function said(response: Response): Promise<string> {
  const text = await response.text();
  return `${response.status} ${textsOf(text, "Code")[0] ?? ""} ${textsOf(text, "Message")[0] ?? ""}`.trim();
}

const away = (cause: Error): AppError =>
  new AppError("unavailable", "The blob store does not answer. Try again shortly.", { cause, retryAfterSeconds: 2 });
