import fc from "fast-check";
import { expect, test } from "vitest";
import { BadResponse, parseResponseHead } from "../../services/gateway/upstreams/wire/response-head.ts";
import { ResponseParser } from "../../services/gateway/upstreams/wire/response-parser.ts";
import { codePoint } from "../helpers/code-points.ts";

type Answer = { status: number; body: string; clean: boolean | undefined; last: boolean };

/** Feeds the pieces as the answer to one request. */
function read(...pieces: readonly (string | Buffer)[]): Answer & { end(): Answer } {
  const answer: Answer = { status: 0, body: "", clean: undefined, last: false };
  const parser = new ResponseParser({
    onHead(head) {
      answer.status = head.status;
    },
    onData(piece, last) {
      answer.body += piece.toString("latin1");
      answer.last = last;
    },
    onEnd(clean) {
      answer.clean = clean;
    },
  });
  parser.begin();
  for (const piece of pieces) if (piece.length > 0) parser.push(Buffer.from(piece as string, "latin1"));
  return {
    ...answer,
    end() {
      parser.end();
      return answer;
    },
  };
}

const OK = "HTTP/1.1 200 OK\r\n";
const chunk = (text: string, extension = ""): string => `${text.length.toString(16)}${extension}\r\n${text}\r\n`;

const body = fc.string({ unit: codePoint, maxLength: 300 }).map((text) => Buffer.from(text).toString("latin1"));
const head = fc.constantFrom("", "x-a: b\r\n", "Date: now\r\nServer: \t u/1 \r\n", "x-empty:\r\n");
const interim = fc.constantFrom("", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early\r\nlink: <x>\r\n\r\n");
const framed = fc.oneof(
  body.map((text) => ({ text, fields: `Content-Length: ${text.length}\r\n`, sent: text })),
  fc
    .tuple(fc.array(body), fc.constantFrom("", ";a=b", ';a="c d"'), fc.constantFrom("", "x-sum: 1\r\n"))
    .map(([parts, extension, trailer]) => ({
      text: parts.join(""),
      fields: "transfer-encoding: Chunked\r\n",
      sent: `${parts
        .filter((part) => part !== "")
        .map((part) => chunk(part, extension))
        .join("")}0\r\n${trailer}\r\n`,
    })),
);
const cuts = fc.array(fc.nat(2000), { maxLength: 12 });

function split(text: string, at: readonly number[]): string[] {
  const edges = [0, ...at.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return edges.slice(1).map((edge, before) => text.slice(edges[before], edge));
}

test("however an answer is split on its way, its body is the same and ends where it says", () => {
  fc.assert(
    fc.property(interim, head, framed, cuts, (before, more, { text, fields, sent }, at) => {
      const answer = read(...split(`${before}${OK}${more}${fields}\r\n${sent}`, at));
      expect(answer).toMatchObject({ status: 200, body: text, clean: true });
      expect(() => answer.end()).not.toThrow();
    }),
    { numRuns: 500 },
  );
});

test("bytes that nobody asked for are seen, and are not part of the answer", () => {
  fc.assert(
    fc.property(framed, fc.string({ minLength: 1 }), ({ text, fields, sent }, rest) => {
      expect(read(`${OK}${fields}\r\n${sent}${rest}`)).toMatchObject({ body: text, clean: false });
    }),
  );
});

test("an answer that breaks off is never whole", () => {
  fc.assert(
    fc.property(framed, fc.double({ min: 0, max: 0.999, noNaN: true }), ({ fields, sent }, share) => {
      const whole = `${OK}${fields}\r\n${sent}`;
      const answer = read(whole.slice(0, Math.floor(whole.length * share)));
      expect(answer.clean).toBeUndefined();
      expect(() => answer.end()).toThrow(BadResponse);
    }),
  );
});

test("an answer without a length ends with its connection", () => {
  const answer = read(`${OK}\r\nhello`);
  expect(answer).toMatchObject({ body: "hello", clean: undefined });
  expect(answer.end()).toMatchObject({ body: "hello", clean: true });
});

test("the piece that completes a body of known length says so, so that it need not be kept", () => {
  expect(read(`${OK}content-length: 5\r\n\r\nhello`).last).toBe(true);
  expect(read(`${OK}content-length: 5\r\n\r\nhel`).last).toBe(false);
});

test.each([204, 304])("a %i has no body, whatever its length says", (status) => {
  expect(read(`HTTP/1.1 ${status} X\r\ncontent-length: 5\r\n\r\n`)).toMatchObject({ status, body: "", clean: true });
});

test.each([
  ["no HTTP", "HELLO\r\n\r\n"],
  ["another version", "HTTP/2 200\r\n\r\n"],
  ["a status that is none", "HTTP/1.1 2x0 OK\r\n\r\n"],
  ["a line that ends in LF alone", "HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n"],
  ["a CR within a field", `${OK}a: b\rc: d\r\n\r\n`],
  ["a NUL within a field", `${OK}a: \0\r\n\r\n`],
  ["a space before the colon", `${OK}content-length : 3\r\n\r\nabc`],
  ["a folded line", `${OK}a: b\r\n c\r\n\r\n`],
  ["a field without a name", `${OK}: b\r\n\r\n`],
  ["two lengths", `${OK}content-length: 3\r\ncontent-length: 3\r\n\r\nabc`],
  ["a list of lengths", `${OK}content-length: 3, 3\r\n\r\nabc`],
  ["a length with a sign", `${OK}content-length: +3\r\n\r\nabc`],
  ["a hexadecimal length", `${OK}content-length: 0x3\r\n\r\nabc`],
  ["a length beside chunks", `${OK}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`],
  ["chunks twice", `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["an unknown coding", `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  ["a chunk without a size", `${OK}transfer-encoding: chunked\r\n\r\n\r\nabc`],
  ["a chunk with an extension alone", `${OK}transfer-encoding: chunked\r\n\r\n;a\r\nabc`],
  ["a size that is no number", `${OK}transfer-encoding: chunked\r\n\r\n-3\r\nabc`],
  ["a size that wraps around", `${OK}transfer-encoding: chunked\r\n\r\n100000003\r\nabc`],
  ["a size that ends in LF alone", `${OK}transfer-encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n`],
  ["a chunk longer than its size", `${OK}transfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n`],
  ["an extension with a bare LF", `${OK}transfer-encoding: chunked\r\n\r\n3;\na\r\nabc\r\n0\r\n\r\n`],
  ["a trailer that is no field", `${OK}transfer-encoding: chunked\r\n\r\n0\r\nGET / HTTP/1.1\r\n\r\n`],
  ["a head without end", `${OK}${"a: b\r\n".repeat(5000)}`],
  ["trailers without end", `${OK}transfer-encoding: chunked\r\n\r\n0\r\n${"a: b\r\n".repeat(5000)}`],
])("%s means nothing", (_, sent) => {
  expect(() => read(sent)).toThrow(BadResponse);
});

test("what a head says of its connection and of retrying is read", () => {
  const of = (...fields: readonly string[]) => parseResponseHead(["HTTP/1.1 503", ...fields].join("\r\n"));
  expect(of("Keep-Alive: timeout=5, max=3")).toMatchObject({ keepAlive: false, keepAliveSeconds: 5 });
  expect(of("content-length: 0")).toMatchObject({ keepAlive: true, keepAliveSeconds: undefined, framing: 0 });
  expect(of("content-length: 0", "Connection: Upgrade, CLOSE")).toMatchObject({ keepAlive: false });
  expect(of("content-length: 0", "connection: keep-alive")).toMatchObject({ keepAlive: true });
  expect(of("content-length: 0", "Retry-After:  7 ")).toMatchObject({ retryAfter: "7", status: 503 });
  // It has no body by its status, and its server may send one all the same.
  expect(parseResponseHead("HTTP/1.1 204 OK\r\ncontent-length: 3")).toMatchObject({ keepAlive: false, framing: 0 });
  expect(parseResponseHead("HTTP/1.1 304 OK\r\ntransfer-encoding: chunked")).toMatchObject({ keepAlive: false });
  expect(parseResponseHead("HTTP/1.1 204 OK\r\ncontent-length: 0")).toMatchObject({ keepAlive: true });
  expect(parseResponseHead("HTTP/1.0 200 OK\r\ncontent-length: 3")).toMatchObject({ keepAlive: false, framing: 3 });
});
