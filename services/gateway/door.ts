import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, openAiBody, toFailure } from "#shared/errors.ts";

/** Long prompts of many documents fit; what is larger is a mistake or an attack. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export type DoorHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Whether the request was taken. What is not goes the framework's way. */
export type Door = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Past the framework, for the routes that carry nearly all of the load: hooks, schemas and serializers of a general
 * framework cost as much as all of the gateway's own work.
 */
export function createDoor(post: Readonly<Record<string, DoorHandler>>): Door {
  return (request, response) => {
    const handler = request.method === "POST" ? post[request.url ?? ""] : undefined;
    if (!handler) return false;
    void handler(request, response);
    return true;
  };
}

/** The JSON of a body of at most `MAX_BODY_BYTES`, and its size. */
export function readJson(request: IncomingMessage): Promise<{ value: unknown; bytes: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ value: unknown; bytes: number }>();
  const type = request.headers["content-type"];
  if (type !== "application/json" && !/^application\/([\w.-]+\+)?json\b/i.test(type ?? "")) {
    return Promise.reject(new AppError("unsupported_media_type", "Send JSON: content-type: application/json."));
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  request.on("data", (piece: Buffer) => {
    bytes += piece.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      request.removeAllListeners("data").resume();
      return reject(new AppError("too_large", `A request has at most ${MAX_BODY_BYTES / 1024 / 1024} MB.`));
    }
    pieces.push(piece);
  });
  request.on("end", () => {
    try {
      const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
      resolve({ value: JSON.parse(whole.toString("utf8")), bytes });
    } catch {
      reject(new AppError("invalid_request", "The body is not valid JSON."));
    }
  });
  request.on("error", () => reject(new AppError("invalid_request", "The body broke off.")));
  return promise;
}

/** A failure in OpenAI's form, unless part of an answer is already on its way. Returns the status. */
export function sendFailure(response: ServerResponse, headers: string[], error: unknown): number {
  const failure = toFailure(error);
  if (response.headersSent || response.destroyed) return failure.status;
  const text = JSON.stringify(openAiBody(failure));
  headers.push("content-type", "application/json", "content-length", String(Buffer.byteLength(text)));
  if (failure.retryAfterSeconds !== undefined) headers.push("retry-after", String(failure.retryAfterSeconds));
  // The rest of a body that is too large is not waited for.
  if (failure.status === 413) headers.push("connection", "close");
  response.writeHead(failure.status, headers);
  response.end(text);
  return failure.status;
}
