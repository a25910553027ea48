import { once } from "node:events";
import { createServer } from "node:net";

/** Two that are free, below those that a system gives to outgoing connections, which would take them meanwhile. */
export async function freePorts(): Promise<[number, number]> {
  const first = 10_000 + Math.floor(Math.random() * 20_000);
  return (await isFree(first)) && (await isFree(first + 1)) ? [first, first + 1] : freePorts();
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  const free = await Promise.race([once(server, "listening"), once(server, "error")]).then(
    () => server.listening,
    () => false,
  );
  await new Promise((resolve) => server.close(resolve));
  return free;
}
