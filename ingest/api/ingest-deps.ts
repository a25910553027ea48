import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Authenticate } from "#shared/identity.ts";
import type { Log } from "#shared/log.ts";
import type { StaleReads } from "#shared/replica-reads.ts";
import type { Store } from "../document-row.ts";
import type { Reach } from "../sources/reach.ts";

export type Routes = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the ingestion routes are built from. */
export type RouteDeps = {
  readonly store: Store;
  /** Where documents are searched for by their titles. */
  readonly replica: StaleReads;
  readonly authenticate: Authenticate;
  readonly log: Log;
  /** What sources may reach. */
  readonly reach: Reach;
  /** Tells a worker in the same process that there is work. */
  readonly wake: () => void;
};
