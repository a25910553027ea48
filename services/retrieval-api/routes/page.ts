import type { FastifyReply } from "fastify";
import type { Server } from "#shared/server.ts";
import { type Encoding, loadPageFiles, type PageFile, type PageFiles } from "../serve-page/page-files.ts";

const YEAR_SECONDS = 31_536_000;
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // Nothing of the page ever turns text into markup, so no policy may be made that would.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");
const HEADERS = {
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
};

/** The chat page at `/`, and its files at addresses that change with their content. */
export function mountPage(server: Server): void {
  // Read when somebody comes to see it: most processes only ever serve the API.
  let loading: Promise<PageFiles> | undefined;
  const pageFiles = (): Promise<PageFiles> => {
    loading ??= loadPageFiles();
    return loading;
  };

  server.get("/", { schema: { hide: true } }, async (request, reply) => {
    const page = await pageFiles();
    for (const [name, value] of Object.entries(HEADERS)) reply.header(name, value);
    const etag = `"${page.digest}"`;
    reply.header("cache-control", "no-cache").header("etag", etag);
    if (request.headers["if-none-match"] === etag) return reply.code(304).send();
    return sendFile(reply, page.html, request.headers["accept-encoding"]);
  });

  server.get("/page/:digest/*", { schema: { hide: true } }, async (request, reply) => {
    const page = await pageFiles();
    const { digest, "*": path } = request.params as { digest: string; "*": string };
    const file = page.files.get(path);
    if (!file) return reply.callNotFound();
    // While a new version is rolled out, a page of one replica may ask another for its files.
    if (digest !== page.digest) {
      return reply.header("cache-control", "no-store").redirect(`/page/${page.digest}/${path}`, 307);
    }
    reply.header("cache-control", `public, max-age=${YEAR_SECONDS}, immutable`);
    reply.header("cross-origin-resource-policy", "same-origin");
    return sendFile(reply, file, request.headers["accept-encoding"]);
  });
}

async function sendFile(reply: FastifyReply, file: PageFile, accepted: string | undefined): Promise<FastifyReply> {
  const encoding = encodingOf(accepted ?? "");
  if (encoding !== "identity") reply.header("content-encoding", encoding);
  return reply
    .header("vary", "accept-encoding")
    .type(file.type)
    .send(await file.encoded(encoding));
}

/** Brotli only where it is offered; a quality of zero refuses. */
function encodingOf(accepted: string): Encoding {
  const offers = accepted.split(",").map((one) => one.trim().toLowerCase());
  const takes = (name: string): boolean =>
    offers.some((offer) => offer === name || (offer.startsWith(`${name};`) && !/q=0(\.0*)?$/.test(offer)));
  return takes("br") ? "br" : takes("gzip") ? "gzip" : "identity";
}
