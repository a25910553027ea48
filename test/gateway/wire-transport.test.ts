import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { Controls, Transport } from "../../services/gateway/upstreams/transport.ts";
import { wireTransport } from "../../services/gateway/upstreams/wire/wire-transport.ts";

type Seen = { readonly socket: Socket; readonly connection: number; readonly text: string };

let server: Server;
let transport: Transport;
const sockets: Socket[] = [];
const requests: Seen[] = [];

afterEach(async () => {
  await transport.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  requests.splice(0);
  await new Promise((resolve) => server.close(resolve));
});

/** A server that answers each request as told. */
async function serve(answer: (seen: Seen) => void, connections = 8): Promise<void> {
  server = createServer((socket) => {
    const connection = sockets.push(socket);
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      text += piece.toString();
      const [head, body = ""] = text.split("\r\n\r\n");
      const length = Number(/content-length: (\d+)/.exec(head ?? "")?.[1] ?? 0);
      if (!text.includes("\r\n\r\n") || Buffer.byteLength(body) < length) return;
      const seen = { socket, connection, text };
      text = "";
      requests.push(seen);
      answer(seen);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const origin = new URL(`http://127.0.0.1:${port}`);
  transport = wireTransport({ origin, apiKey: "k", connections, connectMs: 1000 });
}

function ask(body?: string, onStart = (_: Controls): void => {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const pieces: Buffer[] = [];
    const asked = { path: "/v1/x", method: body === undefined ? "GET" : "POST", body, traceparent: undefined } as const;
    transport.send(asked, {
      onStart,
      onHead(given) {
        status = given;
      },
      // A copy: the bytes are the receiver's for the time of the call.
      onData: (piece) => pieces.push(Buffer.from(piece)),
      onEnd: () => resolve({ status, text: Buffer.concat(pieces).toString() }),
      onError: reject,
    });
  });
}

const whole = (text: string, fields = ""): string =>
  `HTTP/1.1 200 OK\r\n${fields}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
const connectionsOf = (): number[] => requests.map(({ connection }) => connection);

test("a request has what a model server needs, and its body byte for byte", async () => {
  await serve(({ socket }) => void socket.write(whole("你好")));
  const body = '{"text":"Zürich 你好 🙂"}';
  expect(await ask(body)).toEqual({ status: 200, text: "你好" });
  const { port } = server.address() as { port: number };
  const fields = [
    `host: 127.0.0.1:${port}`,
    "content-type: application/json",
    "accept: */*",
    "authorization: Bearer k",
  ];
  expect(requests[0]!.text).toBe(
    `POST /v1/x HTTP/1.1\r\n${fields.join("\r\n")}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await ask();
  expect(requests[1]!.text).toMatch(/^GET \/v1\/x HTTP\/1.1\r\nhost: .*Bearer k\r\n\r\n$/s);
});

test("a connection is used again, one request at a time", async () => {
  await serve(({ socket }) => void socket.write(whole("x")));
  await ask();
  await ask();
  expect(connectionsOf()).toEqual([1, 1]);
  await Promise.all([ask(), ask()]);
  expect(connectionsOf().slice(2).sort()).toEqual([1, 2]);
});

test.each([
  ["says that it closes it", whole("x", "connection: close\r\n")],
  ["keeps it for no longer than a request takes", whole("x", "keep-alive: timeout=1\r\n")],
  ["sends bytes after its answer", `${whole("x")}HTTP/1.1 200 OK\r\n`],
  ["speaks HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx"],
])("a connection is not used again when the server %s", async (_, answer) => {
  await serve(({ socket }) => void socket.write(answer));
  expect((await ask()).text).toBe("x");
  await sleep(5);
  expect((await ask()).text).toBe("x");
  expect(connectionsOf()).toEqual([1, 2]);
});

test("a connection that the server closes while it is free is forgotten", async () => {
  await serve(({ socket }) => void socket.write(whole("x")));
  await ask();
  sockets[0]!.end();
  await expect.poll(() => sockets[0]!.closed, { interval: 5 }).toBe(true);
  expect((await ask()).text).toBe("x");
  expect(connectionsOf()).toEqual([1, 2]);
});

test("a connection that is about to close gets no request any more", async () => {
  await serve(({ socket }) => void (requests.length === 1 ? socket.end(whole("x")) : socket.write(whole("x"))));
  const second = Promise.withResolvers<unknown>();
  // Its end has been read, and nobody has been told yet that it is closed.
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.once("end", () => process.nextTick(() => ask().then(second.resolve, second.reject)));
  };
  subscribe("net.client.socket", onSocket);
  await ask().finally(() => unsubscribe("net.client.socket", onSocket));
  expect(await second.promise).toEqual({ status: 200, text: "x" });
  expect(connectionsOf()).toEqual([1, 2]);
});

test("bytes on a free connection close it: they could be taken for the next answer", async () => {
  await serve(({ socket }) => void socket.write(whole("x")));
  await ask();
  sockets[0]!.write(whole("poison"));
  await expect.poll(() => sockets[0]!.closed, { interval: 5 }).toBe(true);
  expect((await ask()).text).toBe("x");
});

test("beyond its connections requests wait, in order", async () => {
  const held: Socket[] = [];
  await serve(({ socket }) => void held.push(socket), 2);
  const answers = ["a", "b", "c", "d"].map((text) => ask(text));
  await expect.poll(() => held.length, { interval: 5 }).toBe(2);
  held[0]!.write(whole("first"));
  await expect.poll(() => held.length, { interval: 5 }).toBe(3);
  expect(requests[2]!.text.endsWith("c")).toBe(true);
  held[1]!.destroy();
  await expect(answers[1]).rejects.toThrow();
  await expect.poll(() => held.length, { interval: 5 }).toBe(4);
  expect(requests[3]!.text.endsWith("d")).toBe(true);
  for (const socket of held.slice(2)) socket.write(whole("later"));
  expect((await Promise.all([answers[0]!, answers[2]!, answers[3]!])).map(({ text }) => text)).toEqual([
    "first",
    "later",
    "later",
  ]);
});

test("whoever stops reading holds the server back, and gets every byte in the end", async () => {
  const text = "0123456789abcdef".repeat(1024 * 1024);
  await serve(({ socket }) => void socket.write(whole(text)));
  let controls: Controls | undefined;
  const answer = ask(undefined, (given) => {
    controls = given;
  });
  await expect.poll(() => sockets[0]?.bytesWritten ?? 0, { interval: 5 }).toBeGreaterThan(0);
  controls!.pause();
  await sleep(50);
  expect(sockets[0]!.writableLength).toBeGreaterThan(0);
  controls!.resume();
  expect((await answer).text === text).toBe(true);
});

test("whoever aborts closes the connection, before the answer and in it", async () => {
  for (const sent of ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"]) {
    await serve(({ socket }) => void socket.write(sent));
    let controls: Controls | undefined;
    void ask("x", (given) => {
      controls = given;
    });
    await expect.poll(() => requests.length, { interval: 5 }).toBe(1);
    controls!.abort();
    await expect.poll(() => sockets.at(-1)!.closed, { interval: 5 }).toBe(true);
    requests.splice(0);
  }
});

test("whatever goes wrong, the receiver hears of it once", async () => {
  await serve(({ socket, text }) => {
    if (text.endsWith("reset")) socket.resetAndDestroy();
    else if (text.endsWith("end")) socket.end();
    else if (text.endsWith("half")) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    else if (text.endsWith("strange")) socket.write("HELLO\r\n\r\n");
  });
  for (const how of ["reset", "end", "half", "strange"]) await expect(ask(how)).rejects.toThrow();
  const running = ask("silence");
  await expect.poll(() => requests.length, { interval: 5 }).toBe(5);
  await transport.close();
  await expect(running).rejects.toThrow(/closed/);
});

test("once the transport is closed it opens no connection", async () => {
  await serve(({ socket }) => void socket.write(whole("x")));
  await ask();
  await transport.close();
  await expect.poll(() => sockets[0]!.closed, { interval: 5 }).toBe(true);
  await expect(ask()).rejects.toThrow(/closed/);
  expect(sockets.length).toBe(1);
});

test.each(["k\n", "k\r\nx: y", "ké"])(
  "a key that no header can carry is refused before any request: %j",
  async (apiKey) => {
    await serve(() => {});
    const origin = new URL("http://127.0.0.1:1");
    expect(() => wireTransport({ origin, apiKey, connections: 1, connectMs: 1000 })).toThrow(/no header can carry/);
  },
);

test("a server that is not there says so by its code", async () => {
  await serve(() => {});
  await new Promise((resolve) => server.close(resolve));
  await expect(ask()).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
