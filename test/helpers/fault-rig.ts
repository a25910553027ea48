import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Timeouts } from "../../services/gateway/routing/route-table.ts";
import type { Fault } from "./faults.ts";
import type { TestGateway } from "./gateway.ts";
import { watchLeftBehind } from "./left-behind.ts";

/** Short, to be waited for. */
export const SHORT_TIMEOUTS = { connectMs: 2000, headersMs: 900, firstTokenMs: 900, idleMs: 900, totalMs: 1600 };
/** That no machine reaches, however much it has to do beside. */
const LONG_TIMEOUTS = {
  ...{ connectMs: 60_000, headersMs: 60_000, firstTokenMs: 60_000 },
  ...{ idleMs: 60_000, totalMs: 60_000 },
};
export const MAX_ATTEMPTS = 2;

/** What a test opens is closed after it, and nothing may be left of it. Call it once, at the top of a file. */
export function faultRig() {
  const open: { close(): Promise<void> }[] = [];
  let watched: ReturnType<typeof watchLeftBehind>;

  async function closeAll(): Promise<void> {
    for (const each of open.splice(0)) await each.close();
  }
  beforeAll(() => {
    watched = watchLeftBehind();
  });
  afterAll(() => watched.stop());
  afterEach(closeAll);

  return {
    closedLater: (...some: readonly { close(): Promise<void> }[]): void => void open.push(...some),
    /** Closes what is open, and resolves once no socket, server or timer is there that was not there before. */
    async leavesNothing(): Promise<void> {
      await closeAll();
      await expect.poll(() => watched.left(), { interval: 5 }).toEqual([]);
    },
  };
}

export const timeoutsFor = ({ outcome }: Pick<Fault, "outcome">): Timeouts =>
  outcome === "upstream_timeout" ? SHORT_TIMEOUTS : LONG_TIMEOUTS;

/** What the counter of attempts says, as `upstream outcome`. */
export async function attemptsOf({ metrics }: TestGateway): Promise<Record<string, number>> {
  const text = await metrics.registry.metrics();
  const lines = [...text.matchAll(/^cairn_gateway_attempts_total\{upstream="(.*)",outcome="(.*)"\} (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, upstream, outcome, count]) => [`${upstream} ${outcome}`, Number(count)]));
}
