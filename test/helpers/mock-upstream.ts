import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type Call = {
  readonly body: Record<string, unknown>;
  readonly headers: IncomingMessage["headers"];
  closedAt: number | undefined;
};
export type Behaviour = (response: ServerResponse, call: Call) => Promise<void> | void;
export type MockUpstream = {
  readonly baseUrl: string;
  readonly calls: readonly Call[];
  /** Bytes that its sockets have taken so far. */
  written(): number;
  /** Connections that are open now. */
  connections(): number;
  close(): Promise<void>;
};

/** A model server on a real socket that does exactly what the test says. */
export async function mockUpstream(
  behave: Behaviour,
  models: readonly string[] = ["mock-model"],
): Promise<MockUpstream> {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    if (request.url?.endsWith("/models")) {
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ data: models.map((id) => ({ id })) }));
      return;
    }
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
    const call: Call = { body, headers: request.headers, closedAt: undefined };
    calls.push(call);
    response.on("close", () => {
      call.closedAt = performance.now();
    });
    await behave(response, call);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    written: () =>
      [...sockets].reduce((sum, { bytesWritten, writableLength }) => sum + bytesWritten - writableLength, 0),
    connections: () => sockets.size,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const delta = (content: string): string =>
  event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
export const finish = (finish_reason: string): string => event({ choices: [{ index: 0, delta: {}, finish_reason }] });
export const usage = (value: unknown): string => event({ choices: [], usage: value });
export const DONE = "data: [DONE]\n\n";

function event(body: object): string {
  return `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", ...body })}\n\n`;
}

/** Sends the pieces as an event stream and ends it; whoever did not ask for a stream gets the same as one answer. */
export const streams =
  (...pieces: readonly string[]): Behaviour =>
  (response, call) => {
    if (!call.body.stream) {
      response.writeHead(200, { "content-type": "application/json" }).end(wholeOf(pieces.join("")));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) response.write(piece);
    response.end();
  };

/** What a server that does not stream sends instead of these events. What is no event stays as it is. */
function wholeOf(text: string): string {
  const events = text
    .split("\n\n")
    .flatMap((block) => (/^data: \{.*\}$/s.test(block) ? [JSON.parse(block.slice(6))] : []));
  if (events.length === 0) return text;
  const content = events.map(({ choices }) => choices?.[0]?.delta?.content ?? "").join("");
  const finish_reason = events.findLast(({ choices }) => choices?.[0]?.finish_reason)?.choices[0].finish_reason;
  const usage = events.findLast((event) => "usage" in event)?.usage;
  const message = { role: "assistant", content };
  return JSON.stringify({ id: "x", object: "chat.completion", choices: [{ index: 0, message, finish_reason }], usage });
}

export const fails =
  (
    status: number,
    body: object = { error: { message: "secret upstream words" } },
    headers: Record<string, string> = {},
  ): Behaviour =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };

/** Sends the pieces, then nothing more. */
export const stalls =
  (...pieces: readonly string[]): Behaviour =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    for (const piece of pieces) response.write(piece);
  };

/** Sends the pieces, then resets the connection. */
export const resets =
  (...pieces: readonly string[]): Behaviour =>
  async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) response.write(piece);
    await sleep(20);
    response.socket?.resetAndDestroy();
  };

/** Resolves when more can be written, or when nobody is there any more. */
async function room(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve).once("close", resolve);
  await promise;
  response.off("drain", resolve).off("close", resolve);
}

/** Numbered pieces of that many characters as fast as they are taken; a request for one token gets a single one. */
export const floods =
  (pieces: number, characters: number): Behaviour =>
  async (response, call) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const count = call.body.max_tokens === 1 ? 1 : pieces;
    for (let at = 0; at < count && !response.destroyed; at++) {
      if (!response.write(delta(`${at}`.padEnd(characters, "x")))) await room(response);
    }
    response.end(finish("stop") + DONE);
  };

/** One byte a write, which splits UTF-8 sequences and field names. */
export const trickles =
  (text: string): Behaviour =>
  async (response) => {
    response.socket?.setNoDelay(true);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const byte of Buffer.from(text)) {
      response.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    response.end();
  };
