import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import { openAiBody, toFailure } from "./errors.ts";

const HEARTBEAT_MS = 15_000;
const MAX_STRING_CHARACTERS = 4096;
const HEADERS = Object.entries({
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
}).flat();

/** What a stream is made of: `data` is sent as JSON, and a string as it is (`[DONE]`). */
export type SseEvent = { readonly event?: string; readonly data: object | string };

/** Streams events as the answer of a Fastify route. See `writeFrames`. */
export async function sendEvents(
  reply: FastifyReply,
  events: AsyncGenerator<SseEvent, void>,
  onUnexpected: (error: unknown) => void,
): Promise<FastifyReply> {
  const first = await events.next();
  reply.hijack();
  const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
  await writeFrames(reply.raw, headers, framesOf(first, events), onUnexpected);
  return reply;
}

/**
 * Writes an event stream: frames are text that `frame` made, headers names and values in turn. The caller awaits its
 * first event before, so that a failure up to there is an ordinary HTTP error; a later one becomes an `error` event and
 * an end without `[DONE]`. Waits for a slow reader before pulling more; a frame counts as sent when the next one is asked for.
 */
export async function writeFrames(
  raw: ServerResponse,
  headers: readonly string[],
  frames: AsyncIterableIterator<string, void>,
  onUnexpected: (error: unknown) => void,
): Promise<void> {
  raw.writeHead(200, [...headers, ...HEADERS]);
  const heartbeat = setInterval(() => raw.writableNeedDrain || raw.write(": keep-alive\n\n"), HEARTBEAT_MS);
  try {
    for await (const text of frames) {
      // Of a string Node reserves three bytes a character for as long as the reader does not take it.
      const bytes = text.length > MAX_STRING_CHARACTERS ? Buffer.from(text) : text;
      if (!raw.write(bytes) && !raw.destroyed) await drained(raw);
      if (raw.destroyed) break;
    }
  } catch (error) {
    onUnexpected(error);
    if (!raw.destroyed) raw.write(frame({ data: openAiBody(toFailure(error)) }));
  } finally {
    clearInterval(heartbeat);
    raw.end();
  }
}

/** One event as it goes over the wire. */
export function frame({ event, data }: SseEvent): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${event ? `event: ${event}\n` : ""}data: ${text}\n\n`;
}

async function* framesOf(
  first: IteratorResult<SseEvent, void>,
  events: AsyncGenerator<SseEvent, void>,
): AsyncGenerator<string, void> {
  try {
    for (let next = first; !next.done; next = await events.next()) yield frame(next.value);
  } finally {
    await events.return();
  }
}

async function drained(raw: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const stop = (): void => gone.abort();
  raw.once("close", stop);
  await once(raw, "drain", { signal: gone.signal }).catch(() => undefined);
  raw.removeListener("close", stop);
}
