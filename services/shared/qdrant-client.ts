import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "./errors.ts";
import { type Log, silentLog } from "./log.ts";

/** The server's own limits are longer; whoever waits here has somebody waiting behind. */
const READ_TIMEOUT_MS = 3000;
const WRITE_TIMEOUT_MS = 10_000;
/** Making or dropping a collection touches every node of a cluster. */
const SCHEMA_TIMEOUT_MS = 30_000;
const MAX_TRIES = 3;
const BACKOFF_MS = 50;
/** More wait on this side, where their time does not run yet and they can be stopped. */
const MAX_IN_FLIGHT = 16;
const MAX_RETRY_AFTER_MS = 1000;
/** After so many failures in a row nobody asks for a while: a server that starts again must not be run over. */
const OPEN_AFTER = 5;
const OPEN_MS = 2000;

export type QdrantSettings = {
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly log?: Log;
  readonly now?: () => number;
};
type Kind = "read" | "write" | "schema";
type Answer = { readonly status: number; readonly text: string; readonly retryAfterMs: number | undefined };

const TIMEOUT_MS: Readonly<Record<Kind, number>> = {
  read: READ_TIMEOUT_MS,
  write: WRITE_TIMEOUT_MS,
  schema: SCHEMA_TIMEOUT_MS,
};

/** What Qdrant refused, and why: a mistake of ours or of whoever runs it, never of the moment. */
export class QdrantRefusal extends Error {
  override readonly name = "QdrantRefusal";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Qdrant's REST API. Plain fetch, so that every call has its own limit and can be stopped. All calls may be repeated:
 * what they do twice is as good as once. Rejects with `AppError` `unavailable` when the server gives no useful answer
 * in time, and with `QdrantRefusal` for what it will never accept.
 */
export function createQdrantClient({ url, apiKey, log = silentLog, now = Date.now }: QdrantSettings) {
  // Without it the server compresses, which costs a single request some 45 ms.
  const headers = {
    "content-type": "application/json",
    "accept-encoding": "identity",
    ...(apiKey && { "api-key": apiKey }),
  };
  let failures = 0;
  let openUntil = 0;
  let inFlight = 0;
  const waiting: (() => void)[] = [];

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => waiting.push(resolve));
    else inFlight += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else inFlight -= 1;
    }
  }

  async function once(
    method: string,
    path: string,
    body: string | undefined,
    kind: Kind,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const limit = AbortSignal.timeout(TIMEOUT_MS[kind]);
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      signal: signal ? AbortSignal.any([limit, signal]) : limit,
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const after = Number(response.headers.get("retry-after"));
    return { status: response.status, text, retryAfterMs: after > 0 ? after * 1000 : undefined };
  }

  /** `undefined` stands for 404. */
  async function call<T>(
    method: string,
    path: string,
    body: object | undefined,
    kind: Kind,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    const text = body && JSON.stringify(body);
    let reason = "";
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      if (now() < openUntil) throw away(`asked again in ${openUntil - now()} ms`);
      const answer = await inTurn(() => once(method, path, text, kind, signal)).catch((error: Error) => {
        if (signal?.aborted) throw stopped();
        reason = error.cause instanceof Error ? error.cause.message : error.message;
        return undefined;
      });
      if (answer && answer.status < 300) {
        failures = 0;
        return (JSON.parse(answer.text) as { result: T }).result;
      }
      if (answer?.status === 404) return undefined;
      if (answer && answer.status < 500 && answer.status !== 429) throw refusal(answer, path);
      if (answer) reason = `${answer.status} ${answer.text.slice(0, 200)}`;
      failures += 1;
      if (failures >= OPEN_AFTER) openUntil = now() + OPEN_MS;
      log.warn("search index failed", { path: path.replace(/\?.*/, ""), tries, reason });
      const wait = answer?.retryAfterMs ?? BACKOFF_MS * 2 ** tries * (0.5 + Math.random());
      if (tries === MAX_TRIES || wait > MAX_RETRY_AFTER_MS) break;
      await sleep(wait, undefined, signal ? { signal } : {}).catch(() => {
        throw stopped();
      });
    }
    throw away(reason);
  }

  return {
    call,
    /** A call on something that must be there. */
    async need<T>(
      method: string,
      path: string,
      body: object | undefined,
      kind: Kind,
      signal?: AbortSignal,
    ): Promise<T> {
      const result = await call<T>(method, path, body, kind, signal);
      if (result === undefined) throw new QdrantRefusal(404, `The search index has no ${path.split("/points")[0]}.`);
      return result;
    },
  };
}

export type QdrantClient = ReturnType<typeof createQdrantClient>;

function refusal({ status, text }: Answer, path: string): Error {
  if (status === 401 || status === 403) {
    return new QdrantRefusal(status, "Qdrant refuses the API key. Check QDRANT_API_KEY.");
  }
  return new QdrantRefusal(status, `Search index: ${path}: ${status} ${text.slice(0, 300)}`);
}

const away = (reason: string): AppError =>
  new AppError("unavailable", "The search index does not answer. Try again shortly.", {
    cause: new Error(reason),
    retryAfterSeconds: 2,
  });
const stopped = (): AppError =>
  new AppError("unavailable", "The search was stopped before it had a result. Ask again.");
