import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sha256 } from "#shared/digest.ts";

export type Page = {
  readonly body?: string | Uint8Array;
  readonly type?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A web site on this machine: pages can change while it runs, and what was asked for is kept. Has ETags. */
export async function webSite(pages: Readonly<Record<string, string | Page>>) {
  const held = new Map(Object.entries(pages));
  const asked: { path: string; status: number; conditional: boolean }[] = [];
  const server = createServer((request, response) => {
    const path = request.url!;
    const found = held.get(path);
    const page: Page = typeof found === "string" ? { body: found } : (found ?? { status: 404, body: "no" });
    const body = page.body ?? "";
    const etag = `"${sha256(Buffer.from(body)).slice(0, 16)}"`;
    const conditional = request.headers["if-none-match"] !== undefined;
    const isSame = request.headers["if-none-match"] === etag && page.status === undefined;
    const status = isSame ? 304 : (page.status ?? 200);
    asked.push({ path, status, conditional });
    response.writeHead(status, { "content-type": page.type ?? "text/html; charset=utf-8", etag, ...page.headers });
    response.end(isSame ? undefined : body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    asked,
    set: (path: string, page: string | Page | undefined): void => {
      if (page === undefined) held.delete(path);
      else held.set(path, page);
    },
    /** Paths that were asked for since the last call, robots.txt aside. */
    paths: (): string[] =>
      asked
        .splice(0)
        .map(({ path }) => path)
        .filter((path) => path !== "/robots.txt"),
    stop: async (): Promise<void> => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
