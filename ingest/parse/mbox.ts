import { damagedFile } from "./damaged-file.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** `From ann@example.org Mon Mar  2 10:00:00 2026`: a sentence of a message that begins so has no time of day. */
const SEPARATOR = /^From \S.{0,200}\d{1,2}:\d{2}/;
const MAX_SEPARATOR_BYTES = 300;

/** The messages of an mbox file (RFC 4155), without the line that separates them and the `>` that keeps it unique. */
export function splitMbox(bytes: Uint8Array): Uint8Array[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = separatorsIn(file);
  if (starts[0] !== 0) throw damagedFile("is no mailbox: it does not begin with a message");
  return starts.map((start, i) => {
    const head = file.indexOf(NEWLINE, start);
    return unquoted(head < 0 ? file.subarray(0, 0) : file.subarray(head + 1, starts[i + 1] ?? file.length));
  });
}

function separatorsIn(file: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at >= 0; ) {
    if (isSeparator(file, at)) starts.push(at);
    const next = file.indexOf("\nFrom ", at, "latin1");
    if (next < 0) break;
    at = next + 1;
  }
  return starts;
}

function isSeparator(file: Buffer, at: number): boolean {
  if (!SEPARATOR.test(file.toString("latin1", at, at + MAX_SEPARATOR_BYTES).split("\n", 1)[0]!)) return false;
  // A blank line is before each but the first.
  return at === 0 || file[at - 2] === NEWLINE || (file[at - 2] === RETURN && file[at - 3] === NEWLINE);
}

function unquoted(message: Buffer): Uint8Array {
  if (!message.includes("\n>", 0, "latin1")) return message;
  return Buffer.from(message.toString("latin1").replace(/^>(>*From )/gm, "$1"), "latin1");
}
