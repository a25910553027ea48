import { createSseParser } from "./sse-parser.ts";

/** The `data` of server-sent events of our own services, one string an event. Comments, names and ids are passed over. */
export async function* readSse(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const events: string[] = [];
  const parser = createSseParser(Number.POSITIVE_INFINITY, (data) => events.push(data));
  for await (const bytes of body) {
    parser.push(bytes);
    yield* events.splice(0);
  }
}
