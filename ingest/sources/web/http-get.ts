import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { createGunzip } from "node:zlib";
import { AppError } from "#shared/errors.ts";
import { isAllowedAddress } from "#shared/safe-post.ts";
import { VERSION } from "#shared/version.ts";
import { isPublicAddress } from "./public-address.ts";

/** From the first byte asked to the last one read: time for 50 MB over a slow line. */
const TIMEOUT_MS = 60_000;
const ACCEPT = "text/html, application/xhtml+xml, application/pdf, text/plain;q=0.9, */*;q=0.5";

export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Uint8Array;
};
export type HttpGet = {
  get(url: URL, headers: Readonly<Record<string, string>>, maxBytes: number, signal?: AbortSignal): Promise<Answer>;
  close(): void;
};

/**
 * GET requests that reach the public web and `origins`, and nothing else. Every address of a name is checked in the
 * look-up whose result the socket connects to, and the socket's own address again when it is connected, so a name
 * that changes its address between check and use gains nothing. No redirect is followed. Rejects with an `AppError`
 * that says what is wrong with the server, and repeats nothing that it said.
 */
export function openHttpGet(
  origins: ReadonlySet<string>,
  resolve: Resolve = systemLookup,
  timeoutMs: number = TIMEOUT_MS,
): HttpGet {
  const lookupFor =
    (url: URL): LookupFunction =>
    (hostname, options, done) => {
      resolve(hostname, { all: true }, (error, addresses) => {
        if (error) return done(error, "", 0);
        const first = addresses[0];
        if (!first || addresses.some(({ address }) => !isOpen(origins, url, address))) return done(closed(url), "", 0);
        if (options.all) return done(null, addresses);
        done(null, first.address, first.family);
      });
    };
  const agents = {
    // A connection of its own for each request: what is kept may be closed by its server when it is used again.
    "http:": new HttpAgent({ keepAlive: false }),
    "https:": new HttpsAgent({ keepAlive: false }),
  };

  async function get(
    url: URL,
    headers: Readonly<Record<string, string>>,
    maxBytes: number,
    signal?: AbortSignal,
  ): Promise<Answer> {
    // A literal address is never looked up.
    checkAddress(url, origins);
    const limit = AbortSignal.timeout(timeoutMs);
    const both = signal ? AbortSignal.any([signal, limit]) : limit;
    const secure = url.protocol === "https:";
    const { promise, resolve: answered, reject } = Promise.withResolvers<IncomingMessage>();
    const request = (secure ? httpsRequest : httpRequest)(
      url,
      {
        headers: { "user-agent": `Cairn/${VERSION}`, accept: ACCEPT, "accept-encoding": "gzip", ...headers },
        agent: secure ? agents["https:"] : agents["http:"],
        lookup: lookupFor(url),
        signal: both,
      },
      answered,
    );
    request.on("error", reject);
    request.on("socket", (socket: Socket) => {
      const check = (): void => {
        if (!isOpen(origins, url, socket.remoteAddress ?? "")) request.destroy(closed(url));
      };
      if (socket.connecting) socket.once("connect", check);
      else check();
    });
    request.end();
    try {
      const response = await promise;
      const bytes = await read(response, url, maxBytes);
      return { status: response.statusCode ?? 0, headers: response.headers, bytes };
    } catch (error) {
      request.destroy();
      if (error instanceof AppError || signal?.aborted) throw error;
      const why = limit.aborted ? `did not answer within ${timeoutMs / 1000} seconds` : "does not answer";
      throw new AppError("upstream_failed", `${url.host} ${why}.`, { cause: error });
    }
  }
  return {
    get,
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** Throws `forbidden` for what an address alone shows to be closed, without a look-up: its port, or a literal host. */
export function checkAddress(url: URL, origins: ReadonlySet<string>): void {
  if (url.port !== "" && !origins.has(url.origin))
    throw new AppError("forbidden", `${url.host}: only the ports of http and https are read. ${HOW_TO_OPEN}`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !isOpen(origins, url, host)) throw closed(url);
}

// An operator who opens a host on the inside does not mean to open a cloud's metadata by its name.
const isOpen = (origins: ReadonlySet<string>, url: URL, address: string): boolean =>
  origins.has(url.origin) ? isAllowedAddress(address) : isPublicAddress(address);

const HOW_TO_OPEN = "The operator of this server can open an origin to sources with CAIRN_SOURCES.";
const closed = (url: URL): AppError =>
  new AppError("forbidden", `${url.host} does not lead to the public web. ${HOW_TO_OPEN}`);

/** A body, unpacked, that is never held beyond its limit, however small it was packed. */
async function read(response: IncomingMessage, url: URL, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): AppError =>
    new AppError("too_large", `${url.href} is larger than ${Math.round(maxBytes / 1024 / 1024)} MB.`);
  if (Number(response.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (!/^(identity|(x-)?gzip)$/i.test(encoding))
    throw new AppError("upstream_failed", `${url.host} packs its answers in a way that it was not asked for.`);
  const body = /gzip$/i.test(encoding) ? response.pipe(createGunzip()) : response;
  // The pipe hands on no failure: without this, an answer that breaks off would never end.
  if (body !== response) response.on("error", (error) => body.destroy(error));
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    total += part.byteLength;
    if (total > maxBytes) throw tooLarge();
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
