import type { OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import type { TestGateway } from "./gateway.ts";

/** Without a limit of connections: a client that queues would hide what the gateway does. */
const agent = new Agent();

export type Asking = {
  readonly path?: string;
  readonly body?: object;
  readonly headers?: OutgoingHttpHeaders;
  readonly signal?: AbortSignal;
};
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly ms: number;
};

/** One request, a chat unless told otherwise, and the whole answer. Cheaper than `fetch`, for tests that send many. */
export async function ask(gateway: TestGateway, { path, body, headers, signal }: Asking = {}): Promise<Answer> {
  const started = performance.now();
  const answer = await agent.request({
    origin: new URL(gateway.url).origin,
    path: `/v1${path ?? "/chat/completions"}`,
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "chat", ...(path ? {} : { messages: [{ role: "user", content: "Hi" }] }), ...body }),
    signal: signal ?? null,
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, text, ms: performance.now() - started };
}

/** The value of one line of /metrics, 0 when it is not there. `line` is the name with its labels. */
export async function metricOf({ metrics }: TestGateway, line: string): Promise<number> {
  const found = (await metrics.registry.metrics()).split("\n").find((each) => each.startsWith(`${line} `));
  return found ? Number(found.slice(line.length + 1)) : 0;
}

/** Until the condition holds. Tells what it waited for when that takes too long. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 5000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await sleep(5);
  }
}

/** The smallest value that a share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
