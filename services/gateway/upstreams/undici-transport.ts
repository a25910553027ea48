import type { IncomingHttpHeaders } from "node:http";
import { type Dispatcher, Pool } from "undici";
import type { Controls, Receiver, Transport, TransportSettings } from "./transport.ts";

/** What is read ahead of a reader who is slow. Node reads up to 64 KiB at once all the same. */
const SOCKET_BUFFER_BYTES = 16 * 1024;

/** Over TLS: undici's lowest level, which costs half of its stream interface. */
export function undiciTransport({ origin, apiKey, connections, connectMs }: TransportSettings): Transport {
  const pool = new Pool(origin.origin, {
    connections,
    // The water mark is Node's own option, which undici passes on and does not name.
    connect: { timeout: connectMs, highWaterMark: SOCKET_BUFFER_BYTES } as { timeout: number },
    // Our own limits cover the whole exchange on one timer.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const headers = { "content-type": "application/json", ...(apiKey && { authorization: `Bearer ${apiKey}` }) };
  return {
    send({ path, method, body, traceparent }, receiver) {
      const all = traceparent === undefined ? headers : { ...headers, traceparent };
      pool.dispatch({ path, method, headers: all, body: body ?? null }, new DispatchHandler(receiver));
    },
    close: () => pool.destroy(),
  };
}

/** Tells in our words what undici tells. */
class DispatchHandler implements Dispatcher.DispatchHandler {
  readonly #receiver: Receiver;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const controls: Controls = {
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      abort: () => controller.abort(STOPPED),
    };
    this.#receiver.onStart(controls);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Early hints and the like: the answer is yet to come.
    if (status < 200) return;
    const retryAfter = headers["retry-after"];
    this.#receiver.onHead(status, Array.isArray(retryAfter) ? retryAfter[0] : retryAfter);
  }

  onResponseData(_: Dispatcher.DispatchController, piece: Buffer): void {
    this.#receiver.onData(piece, false);
  }

  onResponseEnd(): void {
    this.#receiver.onEnd();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#receiver.onError(error);
  }
}

const STOPPED = new Error("stopped");
