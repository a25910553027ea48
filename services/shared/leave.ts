import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { int } from "./env.ts";
import type { Stop } from "./shutdown.ts";

/** `CAIRN_LEAVE_SECONDS`. Part of the time that open streams get, so it is well below it. */
export const leaveSeconds = int(0, 30, 0);

/** The latest answer on each open connection of a server. */
const answers = new WeakMap<Server, Map<Socket, ServerResponse>>();

/** Has a server remember what `leave` will need; returns what is to be told of each answer. Costs a map's entry. */
export function watchAnswers(server: Server): (response: ServerResponse) => void {
  const open = new Map<Socket, ServerResponse>();
  answers.set(server, open);
  server.on("connection", (socket: Socket) => socket.once("close", () => open.delete(socket)));
  return (response) => {
    if (response.socket) open.set(response.socket, response);
  };
}

/**
 * The first stop of a process behind a balancer: it goes on serving for some seconds, and ends each connection with the
 * answer that it carries. A balancer takes a pod off its list for new connections only; clients that keep theirs would
 * otherwise meet a closed door. With 0 the process ends as soon as its streams have ended.
 */
export function leave(server: Server, seconds: number): Stop {
  return {
    name: "leave",
    async run() {
      if (seconds === 0) return;
      // Node counts from here on, and sends `Connection: close` with the next answer on each connection.
      server.maxRequestsPerSocket = 1;
      // Streams whose headers are out have promised to keep it.
      for (const [socket, response] of answers.get(server) ?? []) {
        if (!response.writableEnded) response.once("finish", () => socket.destroySoon());
      }
      await sleep(seconds * 1000);
    },
  };
}
