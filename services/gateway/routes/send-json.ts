import type { ServerResponse } from "node:http";

/** A whole answer, with the headers that were set before. */
export function sendJson(response: ServerResponse, value: object): void {
  const text = JSON.stringify(value);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}
