/** The bytes; `undefined` for anything that is not exactly how they are written: spare bits would let a text be changed unseen. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
