import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import swagger from "@fastify/swagger";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { invalid, unknownField } from "./checked.ts";
import { AppError, openAiBody, problemBody, toFailure } from "./errors.ts";
import type { Log } from "./log.ts";
import { createRouteMethods } from "./route-methods.ts";
import type { Metrics } from "./telemetry.ts";

const BODY_LIMIT_BYTES = 1024 * 1024;
/** The whole body must be there by then: 50 MB over a slow line take minutes. */
const REQUEST_TIMEOUT_MS = 300_000;
const KEEP_ALIVE_MS = 65_000;
const IDLE_SWEEP_MS = 100;
/** What is held for a reader before it counts as slow. Node's 64 KiB are held twice, which adds up with many of them. */
const SOCKET_BUFFER_BYTES = 16 * 1024;

const OPENAI_ROUTES = /^\/v1\/(chat\/completions|completions|embeddings|rerank|models)\b/;

export type Server = ReturnType<typeof createServer>;

export type ServerOptions = {
  readonly service: string;
  readonly version: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Sees every request first and answers it itself when it returns true. */
  readonly door?: (request: IncomingMessage, response: ServerResponse) => boolean;
};

/** A Fastify server with the habits every process shares: limits, request ids, one error handler, OpenAPI. */
export function createServer({ service, version, log, metrics, door = () => false }: ServerOptions) {
  const unused = new Set<Socket>();
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    serverFactory: (framework) =>
      createHttpServer(
        { requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS, highWaterMark: SOCKET_BUFFER_BYTES },
        (request, response) => {
          unused.delete(request.socket);
          return door(request, response) || framework(request, response);
        },
      ).on("connection", (socket) => {
        unused.add(socket);
        socket.once("close", () => unused.delete(socket));
      }),
    genReqId: () => crypto.randomUUID(),
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    // A path that is not valid percent-encoding never reaches a route, nor the handler below.
    frameworkErrors: (_error, request, reply) => {
      const what = "The path of this address is not valid: encode it anew.";
      void fail(new AppError("invalid_request", what), request, reply, log);
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // Nothing here is plain text, and as a string it would only be refused with less helpful words.
  app.removeContentTypeParser("text/plain");
  const methods = createRouteMethods();
  app.addHook("onRoute", ({ url, method }) => {
    for (const one of [method].flat()) methods.add(url, one);
  });
  app.register(swagger, {
    openapi: { openapi: "3.1.0", info: { title: `Cairn ${service}`, version } },
    transform: jsonSchemaTransform,
  });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());

  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    reply.header("x-content-type-options", "nosniff");
  });
  app.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    const route = routeOptions.url ?? "none";
    const status = String(reply.raw.statusCode);
    metrics.httpSeconds(reply.elapsedTime / 1000, service, method, route, status);
  });
  // A connection whose last stream ended after the close began would be waited for until its keep-alive ran out. One that
  // a browser or fetch opened in advance counts as busy with Node until its first request.
  app.addHook("preClose", async () => {
    const sweep = setInterval(() => {
      app.server.closeIdleConnections();
      for (const socket of unused) socket.destroy();
    }, IDLE_SWEEP_MS);
    app.server.once("close", () => clearInterval(sweep));
  });
  app.setErrorHandler((error, request, reply) => fail(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    const allowed = methods.at(path).filter((method) => method !== request.method);
    if (allowed.length === 0) {
      const what = `There is nothing at ${request.method} ${path.slice(0, 200)}. See /openapi.json.`;
      return fail(new AppError("not_found", what), request, reply, log);
    }
    reply.header("allow", allowed.join(", "));
    const what = `${path.slice(0, 200)} does not take ${request.method}, only ${allowed.join(" and ")}.`;
    return fail(new AppError("method_not_allowed", what), request, reply, log);
  });
  return app;
}

function fail(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const failure = toFailure(asValidation(error) ?? error);
  if (failure.status === 500)
    log.error("unexpected", error, { requestId: request.id, route: request.routeOptions.url });
  if (failure.retryAfterSeconds !== undefined) reply.header("retry-after", String(failure.retryAfterSeconds));
  const openAi = OPENAI_ROUTES.test(request.url);
  return reply
    .code(failure.status)
    .type(openAi ? "application/json" : "application/problem+json")
    .send(JSON.stringify(openAi ? openAiBody(failure) : problemBody(failure)));
}

type ValidationEntry = { keyword: string; instancePath: string; message?: string; params?: { keys?: unknown } };

/** Turns a failed zod schema into an error that names the field. */
function asValidation(error: unknown): AppError | undefined {
  if (!(error instanceof Error) || !("validation" in error) || !Array.isArray(error.validation)) return undefined;
  const entry = error.validation[0] as ValidationEntry | undefined;
  const path = (entry?.instancePath ?? "").slice(1).replaceAll("/", ".");
  const keys = entry?.params?.keys;
  if (entry?.keyword === "unrecognized_keys" && Array.isArray(keys)) return unknownField(path, String(keys[0]));
  return invalid(path, entry?.message ?? "The request is not valid");
}

/** `listen` with a sentence instead of a stack when the port is taken. Resolves to the address. */
export async function listen(
  app: Pick<FastifyInstance, "listen">,
  host: string,
  port: number,
  setting: string,
): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE") throw new Error(`Port ${port} is in use. Stop the other program or set ${setting}.`);
    if (code === "EACCES")
      throw new Error(`Port ${port} may not be opened by this user. Set ${setting} to one above 1023.`);
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
      throw new Error(`${host} is no address of this machine. Set CAIRN_HOST to one that is, or leave it out.`);
    throw error;
  }
}
