import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { commandsOf } from "../../helpers/operator-pages.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** What an operator edits is a copy; the rest is read where it is. */
const COPIED = "k8s";

type Replacement = readonly [placeholder: string | RegExp, value: string];

/** A checkout of an operator's own: the repository with manifests that may be changed. */
export function checkoutIn(folder: string): string {
  const checkout = join(folder, "checkout");
  mkdirSync(checkout);
  for (const name of readdirSync(ROOT).filter((each) => each !== COPIED))
    symlinkSync(join(ROOT, name), join(checkout, name));
  cpSync(join(ROOT, COPIED), join(checkout, COPIED), { recursive: true });
  return checkout;
}

/**
 * Types what a section of a page says, one command after the other, with values in the place of what the page leaves
 * open. Resolves to all that was printed; throws with it when a command fails.
 */
export async function walk(
  page: string,
  section: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
  replacements: readonly Replacement[] = [],
): Promise<string> {
  const commands = commandsOf(page).filter((each) => each.section === section);
  if (commands.length === 0) throw new Error(`${page} has nothing to type under "${section}".`);
  let printed = "";
  for (const { code } of commands) {
    const typed = replacements.reduce((text, [placeholder, value]) => text.replaceAll(placeholder, value), code);
    printed += await typeIn(typed, cwd, env);
    // Nobody types two commands within a second, and some look at the clock.
    await sleep(1000);
  }
  return printed;
}

/** Runs a shell's text. Resolves to all that it printed; throws with it when it fails. */
export async function typeIn(code: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const shell = spawn("bash", ["-eo", "pipefail", "-c", code], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let printed = "";
  for (const stream of [shell.stdout, shell.stderr]) stream.on("data", (piece: Buffer) => (printed += piece));
  const closed = once(shell, "close");
  const [status] = (await once(shell, "exit")) as [number | null];
  // What was left in the background.
  try {
    process.kill(-shell.pid!, "SIGTERM");
  } catch {}
  // What it printed last may not have been read yet.
  await closed;
  if (status !== 0) throw new Error(`It ended with ${status}:\n${code}\n${printed}`);
  return printed;
}
