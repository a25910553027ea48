import { hasTime, nextTask } from "./ui/task-time.ts";

/**
 * The `data` of server-sent events. Ends when the stream does: whether it was complete is for the caller to tell.
 * Events come whole but bytes do not, so a line is held back until its end is there.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder: ReadableWritablePair<string, Uint8Array> = new TextDecoderStream() as TransformStream;
  const reader = body.pipeThrough(decoder).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // The last event of an answer with many citations comes in many pieces.
      rest += value;
      if (!value.includes("\n")) continue;
      const lines = rest.split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (!line.startsWith("data:")) continue;
        yield line.slice(5).trim();
        // However much comes at once, whoever reads is not held up.
        if (!hasTime()) await nextTask();
      }
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
