/** Every code a client can meet, with its HTTP status. Codes are stable: clients switch on them. */
const STATUS = {
  invalid_request: 400,
  unsupported_field: 400,
  unknown_field: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  model_not_found: 404,
  document_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  unreadable_document: 422,
  needs_ocr: 422,
  rate_limited: 429,
  upstream_failed: 502,
  unavailable: 503,
  withdrawn: 503,
  upstream_timeout: 504,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** Codes after which the same request may succeed later. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "rate_limited",
  "upstream_failed",
  "unavailable",
  "upstream_timeout",
]);

type Details = ErrorOptions & { readonly param?: string; readonly retryAfterSeconds?: number };

/** An expected failure. `message` is shown to the caller and says what to do. Anything else thrown is a bug: a bare 500. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details);
    this.code = code;
    this.param = details.param;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

export type Failure = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;
};

/** The only place that turns a thrown value into what a client may see. */
export function toFailure(error: unknown): Failure {
  if (error instanceof AppError) {
    const { code, message, param, retryAfterSeconds } = error;
    return { status: STATUS[code], code, message, param, retryAfterSeconds };
  }
  const none = { param: undefined, retryAfterSeconds: undefined };
  if (isClientError(error)) {
    const message = SENTENCES[error.statusCode] ?? error.message;
    return { status: error.statusCode, code: codeOf(error.statusCode), message, ...none };
  }
  return {
    status: 500,
    code: "internal",
    message: "Something went wrong on our side. The request id helps to find it.",
    ...none,
  };
}

const SENTENCES: Readonly<Record<number, string>> = {
  413: "The request is larger than this route accepts. Shorten it, or upload the text as a file to /v1/documents.",
  415: "This route takes JSON. Send the body with the header content-type: application/json.",
};

function codeOf(status: number): ErrorCode {
  if (status === 413) return "too_large";
  if (status === 415) return "unsupported_media_type";
  return "invalid_request";
}

/** Fastify reports a malformed or oversized body as an Error with a 4xx `statusCode`. */
function isClientError(error: unknown): error is Error & { statusCode: number } {
  if (!(error instanceof Error) || !("statusCode" in error)) return false;
  return typeof error.statusCode === "number" && error.statusCode >= 400 && error.statusCode < 500;
}

/** OpenAI's error object, used on OpenAI routes. */
export function openAiBody(failure: Failure): object {
  const type =
    failure.status >= 500 ? "server_error" : failure.status === 429 ? "rate_limit_error" : "invalid_request_error";
  return { error: { message: failure.message, type, param: failure.param ?? null, code: failure.code } };
}

/** An RFC 9457 problem document, used on all other routes. */
export function problemBody(failure: Failure): object {
  const { status, code, message, param } = failure;
  return {
    type: `urn:cairn:error:${code}`,
    title: code.replaceAll("_", " "),
    status,
    detail: message,
    code,
    ...(param && { param }),
  };
}
