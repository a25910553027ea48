import { AppError } from "#shared/errors.ts";

const MAX_RETRY_AFTER_SECONDS = 3600;

/** What a 400 looks like when the operator, not the caller, has to act. */
const MISCONFIGURED = /invalid_api_key|api.key.not.valid|model_not_found/i;
const TOO_LONG = /context_length_exceeded|context.(length|size|window)|maximum context|too many tokens/i;

/**
 * A refusal by status. 401, 403 and 404 mean a misconfigured upstream, which the caller cannot repair, so they are
 * retryable elsewhere; 400, 413 and 422 are the request itself, which would fail everywhere. `body` only decides which
 * of our sentences is used and is never relayed: it may quote the prompt or name the operator's account.
 */
export function failureOfStatus(status: number, retryAfter: string | undefined, body: string): AppError {
  if (status === 429) {
    return new AppError("rate_limited", "The model server is busy. Try again shortly.", { ...secondsOf(retryAfter) });
  }
  if (status === 503) {
    return new AppError("unavailable", "The model server is not ready. Try again shortly.", {
      ...secondsOf(retryAfter),
    });
  }
  const callersFault = status === 400 || status === 413 || status === 422;
  if (!callersFault || MISCONFIGURED.test(body)) {
    return new AppError("upstream_failed", `The model server failed (status ${status}). Try again shortly.`);
  }
  if (status === 413 || TOO_LONG.test(body)) {
    const what =
      "The messages and the requested answer are longer than the model's context. Shorten them or lower max_tokens.";
    return new AppError("invalid_request", what, { param: "messages" });
  }
  return new AppError("invalid_request", "The model server does not accept this combination of parameters.");
}

function secondsOf(retryAfter: string | undefined): { retryAfterSeconds?: number } {
  const seconds = Number(retryAfter);
  if (!retryAfter || !Number.isFinite(seconds) || seconds < 0) return {};
  return { retryAfterSeconds: Math.min(Math.ceil(seconds), MAX_RETRY_AFTER_SECONDS) };
}
