import { setTimeout as sleep } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import { AppError } from "./errors.ts";

const TIMEOUT_MS = 30_000;
const MAX_TRIES = 4;
const BACKOFF_MS = 100;

export type S3Access = {
  /** Of a store that is not Amazon's; then buckets are a part of the path. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
};

export type S3Object = { readonly key: string; readonly etag: string; readonly bytes: number };

/**
 * One bucket of any S3-compatible store. What the store answers is given as it is, except that requests are tried again
 * while it is away; then they reject with `unavailable`, in the words of `what`.
 */
export function s3Client(bucket: string, { endpoint, ...credentials }: S3Access, what: string) {
  const base = endpoint ? `${endpoint}/${bucket}` : `https://${bucket}.s3.${credentials.region}.amazonaws.com`;
  // Its own retries ignore how long a try takes.
  const aws = new AwsClient({ ...credentials, service: "s3", retries: 0 });

  const away = (cause: unknown): AppError =>
    new AppError("unavailable", `${what} does not answer. Try again shortly.`, { cause, retryAfterSeconds: 2 });

  async function send(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
    for (let tries = 1; ; tries++) {
      const limit = AbortSignal.timeout(TIMEOUT_MS);
      const both = signal ? AbortSignal.any([signal, limit]) : limit;
      const outcome = await aws
        .fetch(`${base}${path}`, { ...init, signal: both })
        .then(async (response) =>
          response.status >= 500 || response.status === 429 ? new Error(await said(response)) : response,
        )
        .catch((error: Error) => error);
      if (outcome instanceof Response) return outcome;
      signal?.throwIfAborted();
      if (tries === MAX_TRIES) throw away(outcome);
      await sleep(BACKOFF_MS * 2 ** tries * (0.5 + Math.random()));
    }
  }
  return {
    object: (method: string, key: string, init: RequestInit = {}, signal?: AbortSignal): Promise<Response> =>
      send(`/${key.split("/").map(encodeURIComponent).join("/")}`, { method, ...init }, signal),
    /** All objects whose key begins with the text. Rejects with what the store says when it refuses. */
    async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<S3Object, void> {
      let token: string | undefined;
      do {
        const query = new URLSearchParams({ "list-type": "2", prefix, ...(token && { "continuation-token": token }) });
        const response = await send(`/?${query}`, { method: "GET" }, signal);
        if (!response.ok) throw new S3Refusal(response.status, await said(response));
        const page = await response.text().catch((error: unknown) => {
          throw away(error);
        });
        for (const [, entry] of page.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
          const [key] = textsOf(entry!, "Key");
          const [etag = "", size = "0"] = [textsOf(entry!, "ETag")[0], textsOf(entry!, "Size")[0]];
          if (key !== undefined) yield { key, etag, bytes: Number(size) };
        }
        token = textsOf(page, "IsTruncated")[0] === "true" ? textsOf(page, "NextContinuationToken")[0] : undefined;
      } while (token);
    },
  };
}

/** The store answered, and said no. */
export class S3Refusal extends Error {
  override readonly name = "S3Refusal";
  readonly status: number;

  constructor(status: number, words: string) {
    super(`The S3 store refuses: ${words}`);
    this.status = status;
  }
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

/** What a refusal says, in one line. */
export async function said(response: Response): Promise<string> {
  const text = await response.text();
  return `${response.status} ${textsOf(text, "Code")[0] ?? ""} ${textsOf(text, "Message")[0] ?? ""}`.trim();
}
