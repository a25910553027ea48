import { AppError } from "#shared/errors.ts";
import type { Controls, Outgoing, Transport } from "./transport.ts";

/** Whether a model server answers at all. Who refuses the question is there all the same; rejects above that. */
export function ping(transport: Transport, ask: Outgoing, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let controls: Controls | undefined;
  let status = 0;
  const leave = (): void => {
    controls?.abort();
    reject(signal.reason);
  };
  transport.send(ask, {
    onStart(given) {
      controls = given;
      if (signal.aborted) given.abort();
    },
    onHead(given) {
      status = given;
    },
    onData() {},
    onEnd() {
      // The connection is another exchange's from here on.
      controls = undefined;
      if (status < 500) resolve();
      else reject(new AppError("unavailable", `The model server is not well (status ${status}).`));
    },
    onError: reject,
  });
  signal.addEventListener("abort", leave, { once: true });
  return promise.finally(() => signal.removeEventListener("abort", leave));
}
