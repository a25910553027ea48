import { readFile } from "node:fs/promises";
import { z } from "zod";
import { audit } from "#shared/audit.ts";
import { callerOf, needs } from "#shared/caller.ts";
import { AppError } from "#shared/errors.ts";
import { publishedKeys, publishKeys } from "#shared/lineage/published-keys.ts";
import { latestCheckpoint, proveConsistency, proveInclusion } from "#shared/lineage/tenant-log.ts";
import { isOperator } from "#shared/principal.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";

const VERIFIER = new URL("../lineage/takeaway/verify.mjs", import.meta.url);
const tags = ["lineage"];
const NO_LOG = "Your tenant's log is empty. Ask a question first.";
const size = z.coerce.number().int().min(0);

/** What others verify with: keys, the log and its proofs, and a verifier to take away. */
export function mountLineageLog(server: Server, { db, ring, authenticate, now }: ApiDeps): void {
  const onRequest = needs(authenticate, "chat", "audit");

  server.get(
    "/.well-known/cairn-keys.json",
    { schema: { tags, summary: "The keys that records and checkpoints are signed with" } },
    async () => ({ keys: await publishedKeys(db) }),
  );

  server.get(
    "/.well-known/cairn-verify.mjs",
    { schema: { tags, summary: "A verifier to take away: one file, for Node 20 and newer, and for browsers" } },
    async (_request, reply) => reply.type("text/javascript; charset=utf-8").send(await readFile(VERIFIER, "utf8")),
  );

  server.get(
    "/v1/log/checkpoint",
    { onRequest, schema: { tags, summary: "The newest checkpoint of your tenant's log, a signed note" } },
    async (request, reply) => {
      const latest = await latestCheckpoint(db, callerOf(request).tenant);
      if (!latest) throw new AppError("not_found", NO_LOG);
      return reply.type("text/plain; charset=utf-8").send(latest.checkpoint);
    },
  );

  server.get(
    "/v1/log/proof",
    {
      onRequest,
      schema: {
        tags,
        summary: "Where an answer or event is in your tenant's log, with the proof",
        querystring: z.strictObject({ id: z.string().min(1).max(64) }),
      },
    },
    async (request) => {
      const proof = await proveInclusion(db, callerOf(request).tenant, request.query.id);
      if (!proof) throw new AppError("not_found", "Your tenant's log has no such leaf, or not yet: try in a second.");
      return proof;
    },
  );

  server.get(
    "/v1/log/consistency",
    {
      onRequest,
      schema: {
        tags,
        summary: "Proves that your tenant's log of one size is the start of another",
        querystring: z.strictObject({ from: size, to: size }),
      },
    },
    async (request) => {
      const { from, to } = request.query;
      return { from, to, hashes: await proveConsistency(db, callerOf(request).tenant, from, to) };
    },
  );

  server.post(
    "/v1/signing-keys",
    {
      onRequest: needs(authenticate, "admin"),
      schema: { tags, summary: "Make a new signing key; the ones before end in a few minutes" },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      if (!isOperator(caller))
        throw new AppError("forbidden", "Only the operator of this installation rotates its keys.");
      const key = await ring.rotate(now());
      await publishKeys(db, ring.published());
      await audit({ now, newId: () => crypto.randomUUID() }, db, caller, "signing-key.rotate", key.kid);
      return reply.code(201).send(key);
    },
  );
}
