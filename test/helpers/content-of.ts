/** The text that a reader has, of a stream or of a whole answer, however it was cut into deltas. */
export const contentOf = (body: string): string =>
  [...body.matchAll(/"content":("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text!)).join("");
