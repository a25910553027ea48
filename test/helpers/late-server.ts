import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type LateServer = {
  readonly baseUrl: string;
  /** What it has been asked, probes not counted. */
  readonly calls: number;
  /** Until then connections are refused, and after `stop` again. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** A model server at an address of its own, which answers with its name while it runs. */
export async function lateServer(name: string): Promise<LateServer> {
  let calls = 0;
  let server: Server | undefined;
  const open = async (port: number): Promise<number> => {
    server = createServer(async (request, response) => {
      response.setHeader("content-type", "application/json");
      if (request.method === "GET") return void response.end(JSON.stringify({ data: [{ id: name }] }));
      calls += 1;
      for await (const _ of request);
      response.end(JSON.stringify({ choices: [{ message: { content: name }, finish_reason: "stop" }] }));
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    if (!server) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    server = undefined;
    await closed;
  };
  const port = await open(0);
  await stop();
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    get calls() {
      return calls;
    },
    start: async () => void (await open(port)),
    stop,
  };
}
