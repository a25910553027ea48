import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { int } from "./env.ts";
import type { Stop } from "./shutdown.ts";

/** `CAIRN_LEAVE_SECONDS`. Part of the time that open streams get, so it is well below it. */
export const leaveSeconds = int(0, 30, 0);
/** After a stream from before, what its client asks next on the same connection is still on its way. */
const FOLLOW_UP_MS = 1000;

/**
 * The first stop of a process behind a balancer: it goes on serving for some seconds, and tells each client with its
 * next answer that this connection ends. A balancer takes a pod off its list for new connections only; clients that
 * keep theirs would otherwise meet a closed door. Streams that began before cannot be told, as their headers are gone:
 * their ends are waited for, and the next request on each of their connections is answered as well. Whoever is silent
 * after that finds the connection closed, as after any idle time. With 0 the process ends as soon as its streams have.
 */
export function leave(server: Server, seconds: number): Stop {
  const answering = new Set<ServerResponse>();
  let leaving = false;
  if (seconds > 0) {
    // Before whoever answers, so that the header can still be said.
    server.prependListener("request", (_request, response) => {
      if (leaving) response.shouldKeepAlive = false;
      answering.add(response);
      response.once("close", () => answering.delete(response));
    });
  }
  return {
    name: "leave",
    async run() {
      if (seconds === 0) return;
      leaving = true;
      for (const response of answering) response.shouldKeepAlive = false;
      const untold = [...answering].filter(({ headersSent }) => headersSent);
      const ended = Promise.all(untold.map((response) => once(response, "close")));
      await Promise.all([sleep(seconds * 1000), ended.then(() => sleep(FOLLOW_UP_MS))]);
    },
  };
}
