const FLUSH_MS = 200;
const MAX_HELD_CHARACTERS = 64 * 1024;

/** What a line tells of a request: identifiers, counts and times, never a word of it. */
export type Logged = {
  readonly id: string;
  readonly model: string;
  readonly caller: { readonly tenant: string };
  readonly served:
    | { readonly upstream: { readonly name: string }; readonly attempts: number; readonly queuedMs: number }
    | undefined;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly firstMs: number;
};

/** One JSON object a line. Lines are written together: a system call for each request would cost as much as its routing. */
export function createAccessLog(write: (lines: string) => void, now: () => number) {
  let held = "";
  let timer: NodeJS.Timeout | undefined;
  const parts = new MiddleParts();
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (held === "") return;
    const lines = held;
    held = "";
    write(lines);
  };
  return {
    add(route: string, status: number, totalMs: number, { id, model, caller, served, usage, firstMs }: Logged): void {
      held +=
        `{"time":${now()},"event":"request","id":"${id}",${parts.of(route, model, status, caller.tenant, served)},` +
        `"promptTokens":${usage.prompt_tokens},"completionTokens":${usage.completion_tokens},` +
        `"queuedMs":${Math.round(served?.queuedMs ?? 0)},"firstMs":${Math.round(firstMs)},"totalMs":${Math.round(totalMs)}}\n`;
      if (held.length > MAX_HELD_CHARACTERS) flush();
      else timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    flush,
  };
}

export type AccessLog = ReturnType<typeof createAccessLog>;

/** What lines have in common with the one before more often than not. Made anew, it is most of what a line costs. */
class MiddleParts {
  #route = "";
  #model = "";
  #status = 0;
  #tenant = "";
  #upstream = "";
  #attempts = -1;
  #text = "";

  of(route: string, model: string, status: number, tenant: string, served: Logged["served"]): string {
    const upstream = served?.upstream.name ?? "";
    const attempts = served?.attempts ?? 0;
    const same =
      route === this.#route &&
      model === this.#model &&
      status === this.#status &&
      tenant === this.#tenant &&
      upstream === this.#upstream &&
      attempts === this.#attempts;
    if (same) return this.#text;
    this.#route = route;
    this.#model = model;
    this.#status = status;
    this.#tenant = tenant;
    this.#upstream = upstream;
    this.#attempts = attempts;
    // Names of the route file hold nothing that JSON would have to escape.
    this.#text =
      `"route":"${route}","model":"${model}","status":${status},` +
      `"tenant":${JSON.stringify(tenant)},"upstream":"${upstream}","attempts":${attempts}`;
    return this.#text;
  }
}
