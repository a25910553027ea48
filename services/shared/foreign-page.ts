import { AppError } from "./errors.ts";

const NAME = String.raw`(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?`;
const HOST = new RegExp(`^${NAME}$`, "i");
const ORIGIN = new RegExp(`^https?://${NAME}$`, "i");

/**
 * Throws `forbidden` unless the request comes from a page of the host that it is sent to. What a browser adds to a
 * request by itself, such as a cookie, must not be spent by the page of somebody else.
 */
export function refuseForeignOrigin({ host, origin }: { readonly host?: unknown; readonly origin?: unknown }): void {
  if (typeof origin === "string" && typeof host === "string" && URL.canParse(origin) && new URL(origin).host === host)
    return;
  throw new AppError(
    "forbidden",
    "A change that a session cookie allows must come from Cairn's own page. Programs send an API key instead.",
  );
}

/**
 * Throws `forbidden` for a request that a web page of somebody else may have sent. A browser on this machine reaches
 * loopback for every page: by a name that its owner points here (then `Host` is that name), or across origins, where a
 * form needs nobody's leave (then `Origin` is the page's).
 */
export function refuseForeignPage({ host, origin }: { readonly host?: unknown; readonly origin?: unknown }): void {
  if (typeof host !== "string" || !HOST.test(host)) {
    throw new AppError(
      "forbidden",
      "Without API keys Cairn answers to the names of this machine only. Ask at http://127.0.0.1 or http://localhost, or set CAIRN_AUTH=keys.",
    );
  }
  if (origin !== undefined && (typeof origin !== "string" || !ORIGIN.test(origin))) {
    throw new AppError(
      "forbidden",
      "Without API keys Cairn serves web pages of this machine only. Set CAIRN_AUTH=keys and send a key.",
    );
  }
}
