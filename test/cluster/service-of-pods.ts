import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePorts } from "../helpers/free-ports.ts";

/**
 * The address of a Service: it leads to the server at `port` while `isServed` says so, and refuses connections
 * otherwise, as a Service without a ready pod does. `look` follows what has changed.
 */
export async function serviceOfPods(port: number, isServed: () => boolean) {
  const [own] = await freePorts();
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  const forward = (client: Socket): void => {
    const upstream = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => sockets.delete(from));
    }
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
  };
  const close = async (): Promise<void> => {
    const closed = server && once(server, "close");
    server?.close();
    server = undefined;
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    baseUrl: `http://127.0.0.1:${own}/v1`,
    isOpen: (): boolean => server !== undefined,
    async look(): Promise<void> {
      if (isServed() && !server) {
        server = createServer(forward).listen(own, "127.0.0.1");
        await once(server, "listening");
      } else if (!isServed() && server) await close();
    },
    close,
  };
}
