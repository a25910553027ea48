import { StringDecoder } from "node:string_decoder";
import { AppError } from "./errors.ts";

const ANY_LINE_END = /\r\n|\r|\n/g;

/**
 * Hands on the `data` of each server-sent event, however the bytes were split: inside a UTF-8 sequence, a field name
 * or a CRLF. Comments and other fields are skipped. An event above `maxCharacters` throws, because a server that never
 * ends its line would otherwise fill the memory.
 */
export function createSseParser(maxCharacters: number, onData: (data: string) => void) {
  const decoder = new StringDecoder("utf8");
  let isFirst = true;
  /** Of a line whose end has not come. */
  let rest = "";
  let restEndsInCr = false;
  let data: string | undefined;

  const endLine = (line: string): void => {
    if (line === "") {
      if (data !== undefined) onData(data);
      data = undefined;
      return;
    }
    if (!line.startsWith("data") || (line.length > 4 && line[4] !== ":")) return;
    const value = line.slice(line[5] === " " ? 6 : 5);
    data = data === undefined ? value : `${data}\n${value}`;
  };

  const feed = (text: string): void => {
    // Only new text is searched: bytes that trickle in must not make a long line costly.
    if (!restEndsInCr && !text.includes("\n") && !text.includes("\r")) rest += text;
    else {
      const all = rest + text;
      const start = all.includes("\r") ? linesOfAnyEnd(all, endLine) : lines(all, endLine);
      rest = all.slice(start);
      restEndsInCr = rest.endsWith("\r");
    }
    if (rest.length + (data?.length ?? 0) <= maxCharacters) return;
    throw new AppError("upstream_failed", "The model server sent an event that is too large.");
  };

  return {
    push(bytes: Uint8Array): void {
      let text = decoder.write(bytes);
      if (isFirst && text !== "") {
        isFirst = false;
        if (text.startsWith("\ufeff")) text = text.slice(1);
      }
      feed(text);
    },
    /** An event that only lacks its closing blank line still counts. */
    end: (): void => feed(`${decoder.end()}\n\n`),
  };
}

/** Both give the lines that have ended, and return where the rest begins. */
function lines(text: string, onLine: (line: string) => void): number {
  let start = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", start)) {
    onLine(text.slice(start, at));
    start = at + 1;
  }
  return start;
}

function linesOfAnyEnd(text: string, onLine: (line: string) => void): number {
  let start = 0;
  for (const { 0: end, index } of text.matchAll(ANY_LINE_END)) {
    // The other half of this line end may be on its way.
    if (end === "\r" && index + 1 === text.length) break;
    onLine(text.slice(start, index));
    start = index + end.length;
  }
  return start;
}
