import { createHook } from "node:async_hooks";

/** What a process holds: sockets, servers, timers that keep it alive, and every timer that the gateway has made. */
export function watchLeftBehind() {
  const timers = new Map<number, string>();
  // Timers of the gateway do not hold the process alive, so that nothing else would show them.
  const hook = createHook({
    init(id, type) {
      if (type !== "Timeout") return;
      const maker = new Error().stack?.split("\n").find((line) => line.includes("/services/gateway/"));
      if (maker) timers.set(id, maker.trim());
    },
    destroy: (id) => void timers.delete(id),
  });
  hook.enable();
  const held = (): string => process.getActiveResourcesInfo().sort().join(" ");
  const before = held();
  return {
    /** Empty when all is as it was. */
    left(): string[] {
      const now = held();
      return [...timers.values(), ...(now === before ? [] : [`${now} instead of ${before}`])];
    },
    stop: (): void => void hook.disable(),
  };
}
