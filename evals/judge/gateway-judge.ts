import type { AskJudge } from "./judge-answers.ts";
import { judgePrompt, readJudgement } from "./judge-prompt.ts";

const MAX_TOKENS = 60;
/** Warm enough for the repeats to differ where the judge is unsure. */
const TEMPERATURE = 0.7;

/** A model alias of an OpenAI-compatible server as a judge. Rejects when the server does not answer with a completion. */
export function gatewayJudge(baseUrl: string, key: string | undefined, model: string): AskJudge {
  return async (one, seed, signal) => {
    const response = await fetch(`${baseUrl}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key !== undefined && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify({
        model,
        messages: judgePrompt(one),
        temperature: TEMPERATURE,
        max_tokens: MAX_TOKENS,
        seed,
      }),
      signal,
    });
    if (!response.ok) throw new Error(`The judge at ${baseUrl} answers with status ${response.status}.`);
    const body = (await response.json()) as { choices?: { message?: { content?: string | null } }[] };
    return readJudgement(body.choices?.[0]?.message?.content ?? "");
  };
}
