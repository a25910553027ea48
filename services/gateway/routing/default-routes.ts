import { extractiveUpstream } from "../upstreams/extractive.ts";
import { openAiUpstream } from "../upstreams/openai.ts";
import type { Route } from "./routes.ts";

const OPENAI_BASE_URL = "https://api.openai.com/v1";
const OPENAI_CHAT_MODEL = "gpt-4o-mini";

export type DefaultRouteSettings = {
  readonly openaiBaseUrl?: string | undefined;
  readonly openaiApiKey?: string | undefined;
  readonly chatModel?: string | undefined;
};

/** The routes without a route file: `chat` by a real model where one is configured, else, and when it fails, by extraction. */
export function defaultRoutes({ openaiBaseUrl, openaiApiKey, chatModel }: DefaultRouteSettings): Route[] {
  const extractive = extractiveUpstream();
  if (!openaiBaseUrl && !openaiApiKey) return [{ alias: "chat", tiers: [[extractive]] }];
  const model = openAiUpstream({
    name: "openai",
    baseUrl: openaiBaseUrl ?? OPENAI_BASE_URL,
    apiKey: openaiApiKey,
    model: chatModel ?? (openaiBaseUrl ? undefined : OPENAI_CHAT_MODEL),
  });
  return [{ alias: "chat", tiers: [[model], [extractive]] }];
}
