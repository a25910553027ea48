import { z } from "zod";

const TIMEOUT_MS = 2000;

const statusSchema = z.object({
  models: z.array(
    z.object({
      alias: z.string(),
      kind: z.string(),
      running: z.number(),
      queued: z.number(),
      upstreams: z.array(z.string()),
    }),
  ),
  upstreams: z.array(
    z.object({ name: z.string(), kind: z.string(), healthy: z.boolean(), breaker: z.string(), running: z.number() }),
  ),
});

/** Asks the gateway how its models are. `undefined` when it does not answer: that is what there is to know then. */
export const gatewayStatusOf =
  (gatewayUrl: string, key?: string) => async (): Promise<z.infer<typeof statusSchema> | undefined> => {
    const response = await fetch(`${gatewayUrl}/v1/upstreams`, {
      headers: { ...(key && { authorization: `Bearer ${key}` }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => undefined);
    return response?.ok ? statusSchema.parse(await response.json()) : undefined;
  };

export type GatewayStatus = ReturnType<typeof gatewayStatusOf>;
