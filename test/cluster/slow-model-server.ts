import { setTimeout as sleep } from "node:timers/promises";
import { type Behaviour, DONE, delta, finish, type MockUpstream, mockUpstream } from "../helpers/mock-upstream.ts";

const TOKENS = 10;
const TOKEN_MS = 60;

/**
 * Stands for the model servers behind one Service: as many streams at once as their ready pods have places, the others
 * wait for their first token. `places` is asked anew for each.
 */
export async function slowModelServer(places: () => number): Promise<MockUpstream & { pump(): void }> {
  let busy = 0;
  const waiting: (() => void)[] = [];
  const pump = (): void => {
    while (busy < places() && waiting.length > 0) {
      busy += 1;
      waiting.shift()!();
    }
  };
  const behave: Behaviour = async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      pump();
    });
    for (let at = 0; at < TOKENS && !response.destroyed; at++) {
      response.write(delta(`${at} `));
      await sleep(TOKEN_MS);
    }
    response.end(finish("stop") + DONE);
    busy -= 1;
    pump();
  };
  return { ...(await mockUpstream(behave)), pump };
}
