import { setTimeout as sleep } from "node:timers/promises";
import { tryKubectl, until } from "../kubectl.ts";
import type { Programs } from "./desk-programs.ts";

const NAME = "app.kubernetes.io/name";
const LOOK_EVERY_MS = 300;

type Pod = {
  readonly metadata: {
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
};
type Running = { readonly pod: string; readonly stop: () => Promise<void> };

/**
 * The part of a kubelet that a simulated node lacks: a program runs while there is a pod of its name, and is started anew
 * for the next one. One of each, as the local overlay has it.
 */
export function openDesk(namespace: string, programs: Programs) {
  const running = new Map<string, Running>();
  let isOpen = true;
  let settled = false;

  const change = async (name: string, pod: string | undefined): Promise<void> => {
    await running.get(name)?.stop();
    running.delete(name);
    if (pod !== undefined) running.set(name, { pod, stop: await programs[name]!() });
  };
  const look = async (): Promise<void> => {
    const { ok, output } = tryKubectl(["-n", namespace, "get", "pods", "-o", "json"]);
    if (!ok) return;
    const { items } = JSON.parse(output) as { items: Pod[] };
    const newest = items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
    const wanted = new Map(newest.map(({ metadata }) => [metadata.labels?.[NAME] ?? "", metadata.uid]));
    const changed = Object.keys(programs).filter((name) => running.get(name)?.pod !== wanted.get(name));
    await Promise.all(changed.map((name) => change(name, wanted.get(name))));
    settled = changed.length === 0;
  };
  const looking = (async () => {
    for (; isOpen; await sleep(LOOK_EVERY_MS)) await look();
  })();
  looking.catch(() => {});
  return {
    /** Resolves when every pod has its program. Throws when one could not be started. */
    async settled(): Promise<void> {
      settled = false;
      await Promise.race([until("programs of all pods", () => settled, Boolean), looking]);
    },
    async close(): Promise<void> {
      isOpen = false;
      await looking.catch(() => {});
      await Promise.all([...running.values()].map(({ stop }) => stop()));
    },
  };
}

export type Desk = ReturnType<typeof openDesk>;
