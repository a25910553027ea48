import { sha256 } from "#shared/digest.ts";
import type { LiveUpstream } from "../routing/live-upstream.ts";
import type { ModelSettings } from "../routing/route-table.ts";

/**
 * Names what vectors can be compared with each other: a readable name, the dimensions, and a digest of everything that
 * a vector follows from. Of a model server only the model's name is known, so another model needs another name.
 */
export function embedderName(
  { queryPrefix = "", passagePrefix = "" }: ModelSettings,
  { settings, server }: LiveUpstream,
  dimensions: number,
): string {
  const digest = settings.kind === "onnx" ? (server.identity?.digest ?? "") : "";
  const all = [server.model, digest, dimensions, queryPrefix, passagePrefix];
  return `${server.model}/${dimensions}@${sha256(JSON.stringify(all)).slice(0, 12)}`;
}
