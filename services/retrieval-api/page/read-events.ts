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
      const lines = (rest + value).split("\n");
      rest = lines.pop()!;
      for (const line of lines) if (line.startsWith("data:")) yield line.slice(5).trim();
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
