import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { int } from "./env.ts";
import type { Stop } from "./shutdown.ts";

/** `CAIRN_LEAVE_SECONDS`. Part of the time that open streams get, so it is well below it. */
export const leaveSeconds = int(0, 30, 0);

/**
 * The first stop of a process behind a balancer: it goes on serving for some seconds, and tells each client with its
 * next answer that this connection ends. A balancer takes a pod off its list for new connections only; clients that
 * keep theirs would otherwise meet a closed door. Longer than most answers: a stream that outlasts it ends whole, but
 * what follows on its connection is refused. With 0 the process ends as soon as its streams have ended.
 */
export function leave(server: Server, seconds: number): Stop {
  return {
    name: "leave",
    async run() {
      if (seconds === 0) return;
      // Node counts from here on, and sends `Connection: close` with the next answer on each connection.
      server.maxRequestsPerSocket = 1;
      await sleep(seconds * 1000);
    },
  };
}
