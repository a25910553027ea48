import { connect, type Socket } from "node:net";
import type { Controls, Outgoing, Receiver, TransportSettings } from "../transport.ts";
import type { ResponseHead } from "./response-head.ts";
import { ResponseParser, type ResponseSink } from "./response-parser.ts";

/** Read into again and again. Small, because it is also what is read ahead of a reader who is slow. */
const READ_BYTES = 16 * 1024;
const TCP_KEEP_ALIVE_MS = 60_000;

export type ConnectionEvents = {
  /** It can take the next request, and is kept for so long, as far as the server says. */
  onFree(connection: WireConnection, keepAliveSeconds: number | undefined): void;
  onGone(connection: WireConnection): void;
};

/** One connection to a model server, with one exchange at a time. */
export class WireConnection implements Controls, ResponseSink {
  /** When it was last free; on the clock of `performance.now()`. */
  freeSince = 0;
  freeMs = 0;
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #parser = new ResponseParser(this);
  readonly #bytes = Buffer.allocUnsafeSlow(READ_BYTES);
  #head: ResponseHead | undefined;
  #receiver: Receiver | undefined;
  #paused = false;
  #error: Error | undefined;

  constructor({ origin, connectMs }: TransportSettings, events: ConnectionEvents) {
    this.#events = events;
    const onRead = (count: number): boolean => {
      this.#read(count);
      return true;
    };
    this.#socket = connect({
      host: origin.hostname.replace(/^\[|\]$/g, ""),
      port: Number(origin.port || 80),
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
      // Past the stream of Node, which makes a buffer and half a dozen calls of each piece.
      onread: { buffer: this.#bytes, callback: onRead },
    });
    const timer = setTimeout(() => this.#socket.destroy(new ConnectTimeout()), connectMs);
    this.#socket
      .once("connect", () => clearTimeout(timer))
      .on("end", () => this.#end())
      .on("error", (error) => {
        this.#error = error;
      })
      .once("close", () => {
        clearTimeout(timer);
        events.onGone(this);
        this.#fail(this.#error ?? new Error("The connection was closed in mid-answer."));
      });
  }

  /** Whether it is open both ways. Its end is known a moment before `onGone` tells of it. */
  get usable(): boolean {
    return this.#socket.writable;
  }

  /** Only while it is free. `head` is up to the fields of this request. */
  send(head: string, { body, traceparent }: Outgoing, receiver: Receiver): void {
    this.#receiver = receiver;
    this.#parser.begin();
    receiver.onStart(this);
    const start = traceparent === undefined ? head : `${head}traceparent: ${traceparent}\r\n`;
    if (body === undefined) {
      this.#socket.write(`${start}\r\n`, "latin1");
      return;
    }
    const bytes = Buffer.byteLength(body);
    const encoding = bytes === body.length ? "latin1" : "utf8";
    this.#socket.write(`${start}content-length: ${bytes}\r\n\r\n${body}`, encoding);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  abort(): void {
    this.#receiver = undefined;
    this.#socket.destroy();
  }

  close(reason: Error): void {
    this.#socket.destroy(reason);
  }

  onHead(head: ResponseHead): void {
    this.#head = head;
    this.#receiver?.onHead(head.status, head.retryAfter);
  }

  onData(piece: Buffer, last: boolean): void {
    this.#receiver?.onData(piece, last);
  }

  onEnd(clean: boolean): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    if (!receiver) return;
    if (this.#paused) this.resume();
    receiver.onEnd();
    if (this.#socket.destroyed) return;
    // A server that answers before it has the whole request will not read the next one in its place.
    if (clean && this.#head?.keepAlive && this.usable && this.#socket.writableLength === 0) {
      this.#events.onFree(this, this.#head.keepAliveSeconds);
    } else this.#socket.destroy();
  }

  #read(count: number): void {
    try {
      this.#parser.push(count === READ_BYTES ? this.#bytes : this.#bytes.subarray(0, count));
    } catch (error) {
      this.#broken(error);
    }
  }

  #end(): void {
    try {
      this.#parser.end();
      // Node would end it a turn later, and until then a request would be written to nobody.
      this.#socket.destroy();
    } catch (error) {
      this.#broken(error);
    }
  }

  /** A bug of ours must not leave a request without an end either. */
  #broken(error: unknown): void {
    this.#socket.destroy();
    this.#fail(error instanceof Error ? error : new Error(String(error)));
  }

  #fail(error: Error): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.onError(error);
  }
}

class ConnectTimeout extends Error {
  readonly code = "CONNECT_TIMEOUT";
}
