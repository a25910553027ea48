/** Status line and fields of a response, as far as they matter here. */
export type ResponseHead = {
  readonly status: number;
  /** How the body ends: after so many bytes, by its last chunk, or with the connection. */
  readonly framing: number | "chunked" | "close";
  /** Whether the server takes another request on the connection. */
  readonly keepAlive: boolean;
  /** For how long the server says that it keeps an idle connection. */
  readonly keepAliveSeconds: number | undefined;
  readonly retryAfter: string | undefined;
};

/** A response that is not exactly HTTP/1.1 (RFC 9112). What it means could be disputed, so it means nothing. */
export class BadResponse extends Error {
  override readonly name = "BadResponse";
}

/** Tokens, no space before the colon, no folded line, no control character, no bare CR or LF. */
const FORM =
  /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?((?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*)*)$/;
const LENGTH = /^\d{1,15}$/;
const NAME_LENGTHS: ReadonlySet<number> = new Set(
  ["content-length", "transfer-encoding", "connection", "keep-alive", "retry-after"].map(({ length }) => length),
);
const CLOSE = /(?:^|[\s,])close(?:$|[\s,])/i;
const KEEP_ALIVE_TIMEOUT = /(?:^|[\s,])timeout=(\d{1,6})(?:$|[\s,])/i;
const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

/**
 * Reads a head without its last empty line, one character a byte. Throws `BadResponse`: also for two lengths, for a length
 * beside chunks and for unknown codings, as these are how one answer is smuggled into another.
 */
export function parseResponseHead(text: string): ResponseHead {
  const [, minor, code, fields] = FORM.exec(text) ?? [];
  if (code === undefined || fields === undefined) throw new BadResponse("The head is not HTTP/1.1.");
  const status = Number(code);
  let length: number | undefined;
  let chunked = false;
  let keepAlive = minor === "1";
  let keepAliveSeconds: number | undefined;
  let retryAfter: string | undefined;
  for (let at = 2; at < fields.length; ) {
    const end = fields.indexOf("\r\n", at);
    const next = end < 0 ? fields.length : end;
    const colon = fields.indexOf(":", at);
    // Most fields are told apart by their length alone.
    const name = NAME_LENGTHS.has(colon - at) ? fields.slice(at, colon).toLowerCase() : "";
    const value = name === "" ? "" : fields.slice(colon + 1, next).trim();
    if (name === "content-length") {
      if (length !== undefined || !LENGTH.test(value)) throw new BadResponse("The length is not one number.");
      length = Number(value);
    } else if (name === "transfer-encoding") {
      if (chunked || value.toLowerCase() !== "chunked") throw new BadResponse("The transfer coding is not known.");
      chunked = true;
    } else if (name === "connection") {
      if (value !== "keep-alive" && CLOSE.test(value)) keepAlive = false;
    } else if (name === "keep-alive") keepAliveSeconds = secondsOf(value);
    else if (name === "retry-after") retryAfter ??= value;
    at = next + 2;
  }
  if (chunked && (length !== undefined || minor === "0")) throw new BadResponse("Chunks come beside a length.");
  const empty = status < 200 || status === NO_CONTENT || status === NOT_MODIFIED;
  const framing = empty ? 0 : chunked ? "chunked" : (length ?? "close");
  // A server that gives a length to what has no body may send that body.
  if (framing === "close" || (empty && (chunked || (length ?? 0) > 0))) keepAlive = false;
  return { status, framing, keepAlive, keepAliveSeconds, retryAfter };
}

function secondsOf(keepAlive: string): number | undefined {
  const seconds = KEEP_ALIVE_TIMEOUT.exec(keepAlive)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
