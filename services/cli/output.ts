import { printable, printableJson } from "./printable.ts";

export type Stream = { readonly isTTY?: boolean; write(text: string): unknown };

export type Output = ReturnType<typeof createOutput>;

/** All that is printed. Nothing from a server reaches a terminal but through here, without control characters. */
export function createOutput(stdout: Stream, stderr: Stream) {
  return {
    /** A piece of text on stdout, as it is. */
    piece: (text: string): void => void stdout.write(printable(text)),
    line: (text = ""): void => void stdout.write(`${printable(text)}\n`),
    json: (value: unknown): void => void stdout.write(`${printableJson(value)}\n`),
    /** A line for people, beside the result: on stderr. */
    note: (text: string): void => void stderr.write(`${printable(text)}\n`),
    /** Where progress is drawn. */
    progress: stderr,
  };
}
