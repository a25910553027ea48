import type { Served } from "./serve.ts";

/** Who answers, as header names and values in turn. */
export function servedByOf({ upstream: { name, server } }: Pick<Served<unknown>, "upstream">): readonly string[] {
  const headers = ["x-cairn-upstream", name, "x-cairn-model", headerSafe(server.model)];
  if (!server.identity) return headers;
  const { digest, assurance } = server.identity;
  return [...headers, "x-cairn-model-digest", `sha256:${digest}`, "x-cairn-model-assurance", assurance];
}

const headerSafe = (text: string): string => (/[^\x21-\x7e]/.test(text) ? text.replaceAll(/[^\x21-\x7e]/g, "?") : text);
