import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { PodProcess } from "./pod-process.ts";

const LOOK_EVERY_MS = 100;

/**
 * Connections of a Service: each goes to one of the pods that are ready, as endpoints say. Those that are open stay where
 * they are, also when their pod leaves the list.
 */
export async function balancer() {
  const pods = new Map<PodProcess, boolean>();
  const sockets = new Set<Socket>();
  let turn = 0;
  let refused = 0;

  const look = async (): Promise<void> => {
    for (const pod of pods.keys()) {
      const ready = await fetch(`${pod.operations}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      );
      if (pods.has(pod)) pods.set(pod, ready);
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  const server = createServer((client) => {
    sockets.add(client);
    client.once("close", () => sockets.delete(client));
    const ready = [...pods].filter(([, isReady]) => isReady).map(([pod]) => pod);
    const pod = ready[turn++ % ready.length];
    if (!pod) {
      refused += 1;
      client.destroy();
      return;
    }
    const upstream = connect(pod.port, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
    }
    client.on("close", () => upstream.destroy());
    // What the pod has sent is still on its way to the client.
    upstream.on("close", () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Connections for which no pod was ready. */
    refused: () => refused,
    add: (pod: PodProcess) => void pods.set(pod, false),
    remove: (pod: PodProcess) => void pods.delete(pod),
    isReady: (pod: PodProcess): boolean => pods.get(pod) === true,
    async close(): Promise<void> {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Balancer = Awaited<ReturnType<typeof balancer>>;
