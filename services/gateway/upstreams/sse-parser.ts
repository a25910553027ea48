import { AppError } from "#shared/errors.ts";

const LF = 10;
const CR = 13;

/**
 * The `data` of each server-sent event, however the bytes were split: inside a UTF-8 sequence, a field name or a
 * CRLF. Comments and other fields are skipped. An event above `maxCharacters` throws, because a server that never
 * ends its line would otherwise fill the memory. An event that only lacks its closing blank line still counts.
 */
export async function* sseData(bytes: AsyncIterable<Uint8Array>, maxCharacters: number): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let line = "";
  let data: string[] = [];
  let held = 0;
  let afterCr = false;

  const endLine = (): string | undefined => {
    const full = line;
    line = "";
    if (full === "") {
      const event = data.length > 0 ? data.join("\n") : undefined;
      data = [];
      held = 0;
      return event;
    }
    if (full === "data") data.push("");
    if (full.startsWith("data:")) data.push(full.slice(full[5] === " " ? 6 : 5));
    held += full.length;
    return undefined;
  };

  const feed = function* (text: string): Generator<string, void> {
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const secondHalf = unit === LF && afterCr;
      afterCr = unit === CR;
      if (unit !== LF && unit !== CR) continue;
      line += text.slice(start, i);
      start = i + 1;
      const event = secondHalf ? undefined : endLine();
      if (event !== undefined) yield event;
    }
    line += text.slice(start);
    if (held + line.length > maxCharacters)
      throw new AppError("upstream_failed", "The model server sent an event that is too large.");
  };

  for await (const piece of bytes) yield* feed(decoder.decode(piece, { stream: true }));
  yield* feed(`${decoder.decode()}\n\n`);
}
