import pg from "pg";
import type { Log } from "./log.ts";

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 15_000;

/** One connection that hears notifications for all listeners of the process, made with the first and again when it breaks. */
export function postgresListener(connection: pg.ClientConfig, log: Log) {
  const listeners = new Map<string, Set<() => void>>();
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let retryMs = FIRST_RETRY_MS;
  let closed = false;

  async function connect(): Promise<void> {
    const started = new pg.Client(connection);
    client = started;
    const lost = (error?: Error): void => {
      if (client !== started || closed) return;
      client = undefined;
      log.warn("database notifications lost", { reason: error?.message ?? "closed", retryMs });
      started.end().catch(() => undefined);
      retry = setTimeout(connect, retryMs);
      retry.unref();
      retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
    };
    started.on("error", lost);
    started.on("end", lost);
    started.on("notification", ({ channel }) => {
      for (const heard of listeners.get(channel) ?? []) heard();
    });
    try {
      await started.connect();
      for (const channel of listeners.keys()) await started.query(`listen ${pg.escapeIdentifier(channel)}`);
      retryMs = FIRST_RETRY_MS;
      // What was notified while nobody heard.
      for (const heard of [...listeners.values()].flatMap((known) => [...known])) heard();
    } catch (error) {
      lost(error as Error);
    }
  }

  return {
    hear(channel: string, heard: () => void): () => void {
      const known = listeners.get(channel);
      if (known) known.add(heard);
      else {
        listeners.set(channel, new Set([heard]));
        if (client === undefined && retry === undefined) void connect();
        else client?.query(`listen ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
      }
      return () => void listeners.get(channel)?.delete(heard);
    },
    async close(): Promise<void> {
      closed = true;
      clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}
