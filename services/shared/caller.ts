import type { FastifyRequest } from "fastify";
import { refuseForeignOrigin } from "./foreign-page.ts";
import type { Authenticate } from "./identity.ts";
import { requireScope, restsOnCookie } from "./identity.ts";
import type { Principal, Scope } from "./principal.ts";

const READS = new Set(["GET", "HEAD"]);
const callers = new WeakMap<FastifyRequest, Principal>();

/** An `onRequest` hook: no byte of a body is read for somebody who has none of the scopes. */
export function needs(authenticate: Authenticate, ...scopes: readonly [Scope, ...Scope[]]) {
  return async (request: FastifyRequest): Promise<void> => {
    const principal = await authenticate(request.headers);
    if (!READS.has(request.method) && restsOnCookie(request.headers)) refuseForeignOrigin(request.headers);
    if (!scopes.some((scope) => principal.scopes.includes(scope))) requireScope(principal, scopes[0]);
    callers.set(request, principal);
  };
}

/** Who sent the request, as `needs` found out before. */
export function callerOf(request: FastifyRequest): Principal {
  const principal = callers.get(request);
  if (!principal) throw new Error("A route asks for its caller and has no `needs` hook.");
  return principal;
}
