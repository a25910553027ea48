import { signal } from "@preact/signals";
import { noteServerTime } from "./text/times.ts";

/** Whether the server answered when it was last asked something. */
export const reachable = signal(true);
/** Set when a request was refused for want of a valid credential. */
export const mustSignIn = signal(false);

type FailureDetails = {
  readonly status: number;
  readonly code: string;
  readonly param?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** Of the answer that failed, where the failure has a record. */
  readonly answerId?: string | undefined;
};

/** What a request failed over. `message` is the server's own sentence, in English; `code` is stable. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly details: FailureDetails;

  constructor(message: string, details: FailureDetails) {
    super(message);
    this.details = details;
  }
}

export type Sending = {
  readonly method?: string;
  /** Sent as JSON, unless it is a form. */
  readonly body?: object | FormData;
  readonly signal?: AbortSignal | undefined;
};

/** The response when it is a success. Rejects with `ApiFailure`, or with the reason of an abort. */
export async function send(path: string, { method, body, signal: cancel }: Sending = {}): Promise<Response> {
  const isForm = body instanceof FormData;
  let response: Response;
  try {
    response = await fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      cache: "no-store",
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      ...(body !== undefined && !isForm && { headers: { "content-type": "application/json" } }),
      signal: cancel ?? null,
    });
  } catch (error) {
    if (cancel?.aborted) throw error;
    reachable.value = false;
    throw new ApiFailure("The server cannot be reached.", { status: 0, code: "unreachable" });
  }
  reachable.value = true;
  noteServerTime(response.headers.get("date"));
  if (!response.ok) throw await failureOf(response);
  return response;
}

/** The body of a response in JSON. */
export async function call<T>(path: string, sending?: Sending): Promise<T> {
  const response = await send(path, sending);
  return (await response.json()) as T;
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const body = (await response.json().catch(() => ({}))) as {
    error?: { message?: string; code?: string; param?: string | null };
    detail?: string;
    code?: string;
    param?: string;
  };
  const { status } = response;
  if (status === 401) mustSignIn.value = true;
  const retryAfter = Number(response.headers.get("retry-after"));
  return new ApiFailure(body.error?.message ?? body.detail ?? response.statusText, {
    status,
    code: body.error?.code ?? body.code ?? `http_${status}`,
    param: body.error?.param ?? body.param ?? undefined,
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? Math.ceil(retryAfter) : undefined,
    answerId: response.headers.get("lineage-id") ?? undefined,
  });
}

/** Asks until the server answers again, with growing pauses. */
export async function untilReachable(): Promise<void> {
  for (let pauseMs = 1000; !reachable.value; pauseMs = Math.min(10_000, pauseMs * 1.5)) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    await fetch("/livez", { cache: "no-store" }).then(
      (response) => {
        reachable.value = response.status !== 502 && response.status !== 504;
      },
      () => undefined,
    );
  }
}
