import type { FastifyRequest } from "fastify";
import { AppError } from "./errors.ts";
import type { Authenticate } from "./identity.ts";
import { requireScope } from "./identity.ts";
import type { Principal, Scope } from "./principal.ts";

const callers = new WeakMap<FastifyRequest, Principal>();

/** An `onRequest` hook: no byte of a body is read for somebody who has none of the scopes. */
export function needs(authenticate: Authenticate, ...scopes: readonly [Scope, ...Scope[]]) {
  return async (request: FastifyRequest): Promise<void> => {
    const principal = await authenticate(request.headers);
    if (!scopes.some((scope) => principal.scopes.includes(scope))) requireScope(principal, scopes[0]);
    callers.set(request, principal);
  };
}

export function callerOf(request: FastifyRequest): Principal {
  const principal = callers.get(request);
  if (!principal) throw new AppError("unauthenticated", "This route was reached without a credential.");
  return principal;
}
