import { once } from "node:events";
import type { FastifyReply } from "fastify";
import { openAiBody, toFailure } from "./errors.ts";

const HEARTBEAT_MS = 15_000;

/** What a stream is made of: `data` is sent as JSON, and a string as it is (`[DONE]`). */
export type SseEvent = { readonly event?: string; readonly data: object | string };

/**
 * Streams events. The first is awaited before any header is sent, so a failure up to there is an ordinary HTTP
 * error; a later failure becomes an `error` event and an end without `[DONE]`. Waits for a slow reader before
 * pulling more. `onSent` hears of each event once the socket has taken it.
 */
export async function sendEvents(
  reply: FastifyReply,
  events: AsyncGenerator<SseEvent, void>,
  onUnexpected: (error: unknown) => void,
): Promise<FastifyReply> {
  const first = await events.next();
  reply.hijack();
  const raw = reply.raw;
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  const heartbeat = setInterval(() => raw.writableNeedDrain || raw.write(": keep-alive\n\n"), HEARTBEAT_MS);
  try {
    for (let next = first; !next.done; next = await events.next()) {
      if (!raw.write(frame(next.value)) && !raw.destroyed) await drained(raw);
      if (raw.destroyed) break;
    }
  } catch (error) {
    onUnexpected(error);
    if (!raw.destroyed) raw.write(frame({ data: openAiBody(toFailure(error)) }));
  } finally {
    clearInterval(heartbeat);
    await events.return();
    raw.end();
  }
  return reply;
}

async function drained(raw: FastifyReply["raw"]): Promise<void> {
  const gone = new AbortController();
  const stop = (): void => gone.abort();
  raw.once("close", stop);
  await once(raw, "drain", { signal: gone.signal }).catch(() => undefined);
  raw.removeListener("close", stop);
}

function frame({ event, data }: SseEvent): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${event ? `event: ${event}\n` : ""}data: ${text}\n\n`;
}
