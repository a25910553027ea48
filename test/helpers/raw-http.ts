import { connect, type Socket } from "node:net";

const TAIL = 64 * 1024;

export type RawClient = {
  readonly socket: Socket;
  /** All that has come so far. */
  text(): string;
  send(...pieces: readonly string[]): void;
  /** Resolves to all of the text when its last part matches, rejects when the connection ends before. */
  until(pattern: RegExp): Promise<string>;
  readonly ended: Promise<void>;
};

/** A client that is no HTTP library: nothing is retried, pooled, buffered or repaired. */
export function rawClient(url: string): RawClient {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const pieces: string[] = [];
  let tail = "";
  let check = (): void => {};
  socket.setEncoding("utf8").on("data", (piece: string) => {
    pieces.push(piece);
    // A search of the whole text for each piece would make long streams slow.
    tail = (tail + piece).slice(-TAIL);
    check();
  });
  const text = (): string => pieces.join("");
  socket.on("error", () => {});
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return {
    socket,
    text,
    send: (...pieces) => void socket.write(pieces.join("")),
    until(pattern) {
      return new Promise((resolve, reject) => {
        check = () => {
          if (!pattern.test(tail)) return;
          check = () => {};
          resolve(text());
        };
        void ended.then(() => reject(new Error(`The connection ended: ${text().slice(0, 500)}`)));
        check();
      });
    },
    ended,
  };
}

/** A whole request for the chat, ready to be written. */
export function rawRequest(
  body: string | object,
  headers: readonly string[] = [],
  line = "POST /v1/chat/completions",
): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const all = [
    "host: 127.0.0.1",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    ...headers,
  ];
  return `${line} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n${text}`;
}

export const chatBody = (more: object = {}): object => ({
  model: "chat",
  messages: [{ role: "user", content: "Hello" }],
  ...more,
});
