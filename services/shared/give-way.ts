import { readlinkSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";
import { basename } from "node:path";

const STEPS = 5;

/**
 * Where cores are few, other threads of the process go before this one: it gets a third of what they get. Linux alone
 * gives threads priorities of their own; elsewhere, and where a sandbox hides them, nothing changes.
 */
export function giveWay(): void {
  if (process.platform !== "linux") return;
  try {
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, Math.min(constants.priority.PRIORITY_LOW, getPriority(thread) + STEPS));
  } catch {
    // It only goes faster with it.
  }
}
