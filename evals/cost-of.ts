const COST = /^cairn_gateway_cost_total(?:\{[^}]*\})? (\S+)$/gm;

/**
 * What the gateway has counted as cost so far, by the prices of its route file. `undefined` where the server keeps its
 * metrics to itself, as separate processes do.
 */
export async function costOf(url: string, signal: AbortSignal): Promise<number | undefined> {
  const response = await fetch(`${url}/metrics`, { signal }).catch(() => undefined);
  if (!response?.ok) return undefined;
  return [...(await response.text()).matchAll(COST)].reduce((sum, [, value]) => sum + Number(value), 0);
}
