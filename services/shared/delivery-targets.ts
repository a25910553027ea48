import { createHmac } from "node:crypto";
import { httpUrl, optional, type Reader } from "./env.ts";
import type { Send, Topic } from "./outbox.ts";
import { safePost } from "./safe-post.ts";

/** Who is told of runs and recalls, by whichever process sends. `OPENLINEAGE_*` as OpenLineage's own clients call them. */
export const DELIVERY_SETTINGS = {
  OPENLINEAGE_URL: httpUrl,
  OPENLINEAGE_API_KEY: optional,
  CAIRN_WEBHOOK_URL: httpUrl,
  CAIRN_WEBHOOK_SECRET: optional,
} satisfies Record<string, Reader<unknown>>;
export type DeliverySettings = { readonly [K in keyof typeof DELIVERY_SETTINGS]: string | undefined };

const ENDPOINT = "/api/v1/lineage";

/** How to send to what is configured. Throws a sentence for a webhook whose receiver could not tell it from a forgery. */
export function deliveryTargets(
  settings: DeliverySettings,
  now: () => number = Date.now,
): Partial<Record<Topic, Send>> {
  const { OPENLINEAGE_URL, OPENLINEAGE_API_KEY, CAIRN_WEBHOOK_URL, CAIRN_WEBHOOK_SECRET } = settings;
  if (CAIRN_WEBHOOK_URL !== undefined && CAIRN_WEBHOOK_SECRET === undefined) {
    throw new Error("CAIRN_WEBHOOK_URL needs CAIRN_WEBHOOK_SECRET, for example of: openssl rand -base64 32");
  }
  const key: Record<string, string> = OPENLINEAGE_API_KEY ? { authorization: `Bearer ${OPENLINEAGE_API_KEY}` } : {};
  return {
    ...(OPENLINEAGE_URL !== undefined && {
      openlineage: ({ body }, signal) => safePost(OPENLINEAGE_URL + ENDPOINT, key, body, signal),
    }),
    ...(CAIRN_WEBHOOK_URL !== undefined && {
      webhook: (message, signal) =>
        safePost(CAIRN_WEBHOOK_URL, signedHeaders(message, CAIRN_WEBHOOK_SECRET!, now()), message.body, signal),
    }),
  };
}

/** As https://www.standardwebhooks.com has it, so that receivers can check it with a library. `at` is in milliseconds. */
export function signedHeaders(
  { id, body }: { readonly id: string; readonly body: string },
  secret: string,
  at: number,
): Record<string, string> {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}
