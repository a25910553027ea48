import { BadResponse, parseResponseHead, type ResponseHead } from "./response-head.ts";

const HEAD_END = "\r\n\r\n";
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_LINE_BYTES = 1024;
const MAX_TRAILER_BYTES = 4 * 1024;
const MAX_CHUNK_DIGITS = 8;
const [CR, LF, SEMICOLON] = [13, 10, 59];
const SWITCHING_PROTOCOLS = 101;

export type ResponseSink = {
  /** Of the final response; what an interim one (1xx) says is skipped. */
  onHead(head: ResponseHead): void;
  /** Valid during the call only. */
  onData(piece: Buffer, last: boolean): void;
  /** Not `clean` when bytes follow that nobody has asked for. */
  onEnd(clean: boolean): void;
};

type State =
  | "head"
  | "length"
  | "until-close"
  | "size"
  | "extension"
  | "size-lf"
  | "chunk"
  | "chunk-cr"
  | "chunk-lf"
  | "trailer"
  | "done";

/**
 * Reads responses of HTTP/1.1 from a connection, one after the other, however the bytes are split. Strict: whatever RFC 9112
 * does not allow throws `BadResponse`, after which the connection is of no use.
 */
export class ResponseParser {
  readonly #sink: ResponseSink;
  #state: State = "done";
  /** Of a head or a line whose end has not come, one character a byte. */
  #held = "";
  /** The last head. */
  #said = "";
  #meant: ResponseHead | undefined;
  /** Bytes of the body, or of the chunk, that are yet to come. */
  #left = 0;
  /** Of a line of the chunked coding: digits, characters of an extension, bytes of trailers. */
  #seen = 0;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** A request has been sent: its response comes next. */
  begin(): void {
    this.#state = "head";
  }

  /** At least one byte. */
  push(bytes: Buffer): void {
    let at = 0;
    do at = this.#step(bytes, at);
    while (at < bytes.length && this.#state !== "done");
    // Told last: the next request may begin in it, and must not take what is left here for its answer.
    if (this.#state === "done") this.#sink.onEnd(at === bytes.length);
  }

  /** The connection has ended. */
  end(): void {
    if (this.#state === "until-close") {
      this.#state = "done";
      this.#sink.onEnd(true);
    } else if (this.#state !== "done") throw new BadResponse("The connection ended in mid-answer.");
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#head(bytes, at);
      case "length": {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        this.#sink.onData(part(bytes, at, end), this.#left === 0);
        if (this.#left === 0) this.#state = "done";
        return end;
      }
      case "until-close":
        this.#sink.onData(part(bytes, at, bytes.length), false);
        return bytes.length;
      case "size":
      case "extension":
        return this.#sizeLine(bytes, at);
      case "size-lf":
        expectByte(bytes[at], LF);
        this.#state = this.#left === 0 ? "trailer" : "chunk";
        this.#seen = 0;
        return at + 1;
      case "chunk": {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = "chunk-cr";
        this.#sink.onData(part(bytes, at, end), false);
        return end;
      }
      case "chunk-cr":
        expectByte(bytes[at], CR);
        this.#state = "chunk-lf";
        return at + 1;
      case "chunk-lf":
        expectByte(bytes[at], LF);
        this.#state = "size";
        this.#seen = 0;
        return at + 1;
      case "trailer":
        return this.#trailer(bytes, at);
      case "done":
        throw new BadResponse("Bytes came after the answer.");
    }
  }

  #head(bytes: Buffer, at: number): number {
    const before = this.#held.length;
    if (before === 0) {
      const end = bytes.indexOf(HEAD_END, at);
      if (end >= 0 && end - at <= MAX_HEAD_BYTES) return this.#begin(bytes.toString("latin1", at, end), end + 4);
    }
    const text = this.#held + bytes.toString("latin1", at, Math.min(bytes.length, at + MAX_HEAD_BYTES));
    const end = text.indexOf(HEAD_END, Math.max(0, before - 3));
    if (end < 0 || end > MAX_HEAD_BYTES) {
      if (before + bytes.length - at > MAX_HEAD_BYTES) throw new BadResponse("The head is too large.");
      this.#held = text;
      return bytes.length;
    }
    this.#held = "";
    return this.#begin(text.slice(0, end), at + end + 4 - before);
  }

  /** Returns `next`, where the body begins. */
  #begin(said: string, next: number): number {
    // A server's heads are the same for a second, but for the length of an answer.
    const head = said === this.#said && this.#meant ? this.#meant : parseResponseHead(said);
    this.#said = said;
    this.#meant = head;
    if (head.status === SWITCHING_PROTOCOLS) throw new BadResponse("Nobody asked for another protocol.");
    if (head.status < 200) return next;
    const { framing } = head;
    this.#seen = 0;
    this.#left = typeof framing === "number" ? framing : 0;
    this.#state = framing === "chunked" ? "size" : framing === "close" ? "until-close" : "length";
    this.#sink.onHead(head);
    if (framing === 0) this.#state = "done";
    return next;
  }

  #sizeLine(bytes: Buffer, start: number): number {
    let at = start;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === CR) {
        if (this.#state === "size" && this.#seen === 0) throw new BadResponse("A chunk has no size.");
        this.#state = "size-lf";
        return at + 1;
      }
      this.#seen += 1;
      if (this.#state === "size" && byte !== SEMICOLON) {
        if (this.#seen > MAX_CHUNK_DIGITS) throw new BadResponse("A chunk is too large.");
        this.#left = this.#left * 16 + hexDigit(byte);
      } else if (this.#state === "size") {
        if (this.#seen === 1) throw new BadResponse("A chunk has no size.");
        this.#state = "extension";
      } else if (this.#seen > MAX_LINE_BYTES || byte < 32) throw new BadResponse("The size of a chunk is no line.");
    }
    return at;
  }

  /** Fields after the last chunk say nothing here: they are skipped up to an empty line. */
  #trailer(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(LF, at);
    const end = found < 0 ? bytes.length : found + 1;
    this.#held += bytes.toString("latin1", at, end);
    this.#seen += end - at;
    if (this.#seen > MAX_TRAILER_BYTES) throw new BadResponse("The trailers are too large.");
    if (found < 0) return end;
    const line = this.#held;
    this.#held = "";
    if (line === "\r\n") this.#state = "done";
    else if (!TRAILER.test(line)) throw new BadResponse("A trailer is no field.");
    return end;
  }
}

const TRAILER = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n$/;

const part = (bytes: Buffer, from: number, to: number): Buffer =>
  from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);

function expectByte(byte: number | undefined, expected: number): void {
  if (byte !== expected) throw new BadResponse("A chunk does not end where it says.");
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  if (letter >= 97 && letter <= 102) return letter - 87;
  throw new BadResponse("The size of a chunk is no number.");
}
