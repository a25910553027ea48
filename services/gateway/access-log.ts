const FLUSH_MS = 200;
const MAX_HELD_CHARACTERS = 64 * 1024;

/** One request as the operator sees it: identifiers, counts and times, never a word of it. */
export type Access = {
  readonly id: string;
  readonly route: string;
  readonly model: string;
  readonly status: number;
  readonly upstream: string | undefined;
  readonly attempts: number;
  readonly tenant: string | undefined;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly queuedMs: number;
  readonly firstMs: number;
  readonly totalMs: number;
};

/** Lines are written together: a system call for each request would cost as much as choosing its upstream. */
export function createAccessLog(write: (lines: string) => void, now: () => number) {
  let held = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (held === "") return;
    const lines = held;
    held = "";
    write(lines);
  };
  return {
    add(access: Access): void {
      held += `${JSON.stringify({ time: now(), event: "request", ...access })}\n`;
      if (held.length > MAX_HELD_CHARACTERS) flush();
      else timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    flush,
  };
}

export type AccessLog = ReturnType<typeof createAccessLog>;
