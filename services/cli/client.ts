import { readSse } from "#shared/read-sse.ts";

export type ServerSettings = { readonly url: string; readonly key: string | undefined };

/** The server said no, and why. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly param: string | undefined;
  readonly requestId: string | undefined;

  constructor(status: number, { code, message, param }: Problem, requestId: string | undefined) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
    this.requestId = requestId;
  }
}

/** Nobody, or somebody else, is at the address; or the connection broke. The message says what to do. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly code = "no_answer";
}

type Problem = { readonly code: string; readonly message: string; readonly param: string | undefined };
type Request = { readonly method?: string; readonly json?: object; readonly form?: FormData };

export type Client = ReturnType<typeof createClient>;

/** Speaks to one Cairn. Everything rejects with an `ApiError`, a `NoAnswerError`, or the signal's reason. */
export function createClient({ url, key }: ServerSettings) {
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
    throw new NoAnswerError("CAIRN_KEY holds characters that no API key has. Copy the key again.");
  }

  async function send(path: string, { method = "GET", json, form }: Request, signal: AbortSignal): Promise<Response> {
    const headers = new Headers({ accept: "application/json" });
    if (key) headers.set("authorization", `Bearer ${key}`);
    if (json) headers.set("content-type", "application/json");
    const body = form ?? (json && JSON.stringify(json));
    const init = { method, headers, signal, redirect: "manual" as const };
    const response = await fetch(url + path, body === undefined ? init : { ...init, body }).catch((error: unknown) => {
      throw broken(error, signal, url);
    });
    // Followed, a POST would become a GET, and the key would go where nobody meant to send it.
    if (response.status >= 300 && response.status < 400) {
      const target = response.headers.get("location") ?? "another address";
      throw new NoAnswerError(`${url} redirects to ${target}. Set CAIRN_URL to the address of Cairn itself.`);
    }
    return response;
  }

  async function bodyOf(response: Response, signal: AbortSignal): Promise<unknown> {
    const text = await response.text().catch((error: unknown) => {
      throw broken(error, signal, url);
    });
    try {
      return text === "" ? undefined : JSON.parse(text);
    } catch {
      throw stranger(url, response.status);
    }
  }

  async function accepted(response: Response, signal: AbortSignal): Promise<Response> {
    if (response.ok) return response;
    const problem = problemOf(await bodyOf(response, signal));
    if (!problem) throw stranger(url, response.status);
    throw new ApiError(response.status, problem, response.headers.get("x-request-id") ?? undefined);
  }

  return {
    url,

    /** The body of a success; `undefined` when it has none. The caller names its shape. */
    async call<T>(path: string, signal: AbortSignal, request: Request = {}): Promise<T> {
      return (await bodyOf(await accepted(await send(path, request, signal), signal), signal)) as T;
    },

    /** The body of a success that is not JSON, as it is. */
    async read(path: string, signal: AbortSignal): Promise<string> {
      const response = await accepted(await send(path, {}, signal), signal);
      return response.text().catch((error: unknown) => {
        throw broken(error, signal, url);
      });
    },

    /** Like `call`, for a body that is worth reading whatever the status is. */
    async look<T>(path: string, signal: AbortSignal): Promise<{ status: number; body: T }> {
      const response = await send(path, {}, signal);
      return { status: response.status, body: (await bodyOf(response, signal)) as T };
    },

    /** The events of a stream up to `[DONE]`. Rejects when it ends without that, and on an `error` event. */
    async *stream<T extends object>(path: string, json: object, signal: AbortSignal): AsyncGenerator<T, void> {
      const response = await accepted(await send(path, { method: "POST", json }, signal), signal);
      if (!response.body) throw stranger(url, response.status);
      try {
        for await (const data of readSse(response.body)) {
          if (data === "[DONE]") return;
          const event = JSON.parse(data) as T;
          const problem = "error" in event ? problemOf(event) : undefined;
          if (problem) throw new ApiError(200, problem, response.headers.get("x-request-id") ?? undefined);
          yield event;
        }
      } catch (error) {
        if (error instanceof ApiError || signal.aborted) throw error;
        throw new NoAnswerError("The connection to Cairn broke off in the middle of the answer. Ask again.");
      }
      throw new NoAnswerError("The answer ended too early. Ask again.");
    },
  };
}

/** Understands OpenAI's error object and RFC 9457 problem documents. */
function problemOf(body: unknown): Problem | undefined {
  const outer = (body ?? {}) as { error?: object; detail?: unknown; code?: unknown; param?: unknown };
  const { code, message, detail, param } = (outer.error ?? outer) as Record<string, unknown>;
  const text = message ?? detail;
  if (typeof code !== "string" || typeof text !== "string") return undefined;
  return { code, message: text, param: typeof param === "string" ? param : undefined };
}

function stranger(url: string, status: number): NoAnswerError {
  if (status >= 500) return new NoAnswerError(`${url} answers with status ${status} and no reason. Try again later.`);
  return new NoAnswerError(`What answers at ${url} is not Cairn (status ${status}). Check CAIRN_URL.`);
}

function broken(error: unknown, signal: AbortSignal, url: string): unknown {
  if (signal.aborted) return error;
  const cause = (error instanceof Error ? error.cause : undefined) as (Error & { code?: string }) | undefined;
  const start = `Cairn does not answer at ${url}. Start it with "npm start", or set CAIRN_URL.`;
  // A refused connection needs no more words; a certificate or a wrong name does.
  if (cause?.code === "ECONNREFUSED") return new NoAnswerError(start);
  return new NoAnswerError(`${start} (${cause?.code ?? cause?.message ?? (error as Error).message})`);
}
