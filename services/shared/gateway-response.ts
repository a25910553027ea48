import { AppError, type ErrorCode } from "./errors.ts";
import { type Assurance, assuranceSchema } from "./lineage/answer-statement.ts";

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "invalid_request",
  404: "model_not_found",
  413: "invalid_request",
  429: "rate_limited",
  503: "unavailable",
  504: "upstream_timeout",
};

/** A model as the gateway names it in the headers of what it made; `asked` is the alias. */
export type NamedModel = {
  readonly upstream: string;
  readonly model: string;
  /** sha256 of its files, its weights or its code, where the gateway could measure them. */
  readonly digest: string | undefined;
  readonly assurance: Assurance;
};

export function namedModel(headers: Headers, asked: string): NamedModel {
  const digest = /^sha256:([0-9a-f]{64})$/.exec(headers.get("x-cairn-model-digest") ?? "")?.[1];
  const said = assuranceSchema.safeParse(headers.get("x-cairn-model-assurance"));
  return {
    upstream: headers.get("x-cairn-upstream") ?? "unknown",
    model: headers.get("x-cairn-model") ?? asked,
    digest,
    // A name without a digest is what somebody else says.
    assurance: digest !== undefined && said.success ? said.data : "declared",
  };
}

/** What a caller is told of a refusal by the gateway: by its status, where no code says more, with its `Retry-After`. */
export function gatewayFailure({ status, headers }: Response, message: string, code = CODES[status]): AppError {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const wait = Number.isInteger(seconds) && seconds >= 0 ? { retryAfterSeconds: seconds } : {};
  return new AppError(code ?? "upstream_failed", message, wait);
}
