import type { Outgoing, Receiver, Transport, TransportSettings } from "../transport.ts";
import { WireConnection } from "./wire-connection.ts";

/** Uvicorn, which most model servers run on, closes what was idle for 5 s. A request must not meet that. */
const FREE_MS = 4_000;
/** A server that says how long it keeps a connection is taken at its word, less the time that a request is on its way. */
const MARGIN_MS = 1_000;
const SWEEP_MS = 1_000;

/**
 * Plain HTTP/1.1 to a model server: what a hot path needs and no more, at a third of what undici costs. One request at a
 * time on a connection, no redirects, no codings, no upgrades. The last connection that became free is taken first.
 */
export function wireTransport(settings: TransportSettings): Transport {
  const open = new Set<WireConnection>();
  const free: WireConnection[] = [];
  const waiting: { readonly ask: Outgoing; readonly receiver: Receiver }[] = [];
  const heads = { GET: new Map<string, string>(), POST: new Map<string, string>() };
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const fields = fieldsOf(settings);

  /** Up to the fields of a single request. */
  const headOf = ({ method, path }: Outgoing): string => {
    const known = heads[method].get(path);
    if (known !== undefined) return known;
    const head = `${method} ${path} HTTP/1.1\r\n${fields}`;
    heads[method].set(path, head);
    return head;
  };

  const sweep = (): void => {
    const now = performance.now();
    for (const connection of free.filter(({ freeSince, freeMs }) => now - freeSince > freeMs)) drop(connection);
    if (free.length > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const drop = (connection: WireConnection): void => {
    free.splice(free.indexOf(connection), 1);
    connection.abort();
  };
  const events = {
    onFree(connection: WireConnection, keepAliveSeconds: number | undefined): void {
      const next = waiting.shift();
      if (next) {
        connection.send(headOf(next.ask), next.ask, next.receiver);
        return;
      }
      connection.freeSince = performance.now();
      connection.freeMs = keepAliveSeconds === undefined ? FREE_MS : keepAliveSeconds * 1000 - MARGIN_MS;
      free.push(connection);
      timer ??= setInterval(sweep, SWEEP_MS).unref();
    },
    onGone(connection: WireConnection): void {
      open.delete(connection);
      const at = free.indexOf(connection);
      if (at >= 0) free.splice(at, 1);
      const next = waiting.shift();
      if (next) start(next.ask, next.receiver);
    },
  };
  const take = (): WireConnection | undefined => {
    for (let connection = free.pop(); connection; connection = free.pop()) {
      if (connection.usable && performance.now() - connection.freeSince <= connection.freeMs) return connection;
      connection.abort();
    }
    if (open.size >= settings.connections) return undefined;
    const connection = new WireConnection(settings, events);
    open.add(connection);
    return connection;
  };
  const start = (ask: Outgoing, receiver: Receiver): void => {
    if (closed) {
      receiver.onError(CLOSED);
      return;
    }
    const connection = take();
    if (connection) connection.send(headOf(ask), ask, receiver);
    else waiting.push({ ask, receiver });
  };

  return {
    send: start,
    async close() {
      closed = true;
      clearInterval(timer);
      for (const { receiver } of waiting.splice(0)) receiver.onError(CLOSED);
      for (const connection of open) connection.close(CLOSED);
    },
  };
}

const CLOSED = new Error("The connections to the model server are closed.");

/**
 * Those of every request. Checked before there is one: a key of the environment with a line end in it would become a field
 * of its own, and one that is not ASCII would have other bytes beside another body.
 */
function fieldsOf({ origin, apiKey }: TransportSettings): string {
  const fields = [`host: ${origin.host}`, "content-type: application/json", "accept: */*"];
  if (apiKey !== undefined) fields.push(`authorization: Bearer ${apiKey}`);
  const wrong = fields.some((field) => !/^[\x20-\x7e]*$/.test(field));
  if (wrong) throw new Error("The key or the address of a model server holds what no header can carry.");
  return `${fields.join("\r\n")}\r\n`;
}
