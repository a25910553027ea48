import { z } from "zod";
import { audit } from "#shared/audit.ts";
import { callerOf, needs } from "#shared/caller.ts";
import { AppError } from "#shared/errors.ts";
import { refuseForeignOrigin } from "#shared/foreign-page.ts";
import { keyIdOf, restsOnCookie } from "#shared/identity.ts";
import type { Server } from "#shared/server.ts";
import { endSession, openSession, sessionCookie, sessionToken } from "#shared/sessions.ts";
import type { ApiDeps } from "../api-deps.ts";

const tags = ["session"];

/**
 * Who the caller is, and the exchange of an API key for a session of the page. An identity provider's token would be
 * exchanged here, too: whatever is presented ends as the same cookie.
 */
export function mountSession(server: Server, { db, authenticate, pepper, now }: ApiDeps): void {
  const onRequest = needs(authenticate, "chat", "ingest", "audit", "admin");

  server.get("/v1/session", { onRequest, schema: { tags, summary: "Who you are" } }, async (request) => {
    const { tenant, subject, groups, scopes } = callerOf(request);
    return { tenant, subject, groups, scopes, signed_in: restsOnCookie(request.headers) };
  });

  server.post(
    "/v1/session",
    {
      schema: {
        tags,
        summary: "Exchange an API key for a session cookie",
        body: z.strictObject({ key: z.string().trim().min(1).max(200) }),
      },
    },
    async (request, reply) => {
      const { origin } = request.headers;
      // Somebody else's page must not sign its reader in as somebody else either.
      if (origin !== undefined) refuseForeignOrigin(request.headers);
      const { key } = request.body;
      const keyId = keyIdOf(key);
      if (keyId === undefined) throw new AppError("unauthenticated", "This is not an API key of Cairn.");
      const principal = await authenticate({ host: request.headers.host, authorization: `Bearer ${key}` });
      const token = await db.transaction(async (sql) => {
        await audit({ now, newId: () => crypto.randomUUID() }, sql, principal, "session.create", keyId);
        return openSession(sql, pepper, keyId, now());
      });
      const { tenant, subject, groups, scopes } = principal;
      return reply
        .header("set-cookie", sessionCookie(token, isSecure(origin)))
        .header("cache-control", "no-store")
        .send({ tenant, subject, groups, scopes, signed_in: true });
    },
  );

  server.delete("/v1/session", { schema: { tags, summary: "End your session" } }, async (request, reply) => {
    const token = sessionToken(request.headers);
    if (token !== undefined) {
      refuseForeignOrigin(request.headers);
      await endSession(db, pepper, token);
    }
    return reply
      .header("set-cookie", sessionCookie(undefined, isSecure(request.headers.origin)))
      .code(204)
      .send();
  });
}

/** Behind a proxy that ends TLS only the browser knows that the page was fetched over it. */
const isSecure = (origin: string | undefined): boolean => origin?.startsWith("https:") === true;
