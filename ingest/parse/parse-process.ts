import { type ChildProcess, fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import { AppError, type ErrorCode } from "#shared/errors.ts";
import { MAX_DOCUMENT_BYTES } from "#shared/formats.ts";
import type { Passage } from "../chunk/chunk.ts";
import type { Parsed, ParseInput } from "./parsed.ts";

const PARSE_TIMEOUT_MS = 20_000;
/** A child's start on a busy machine is no fault of the document that waits for it. */
const START_TIMEOUT_MS = 60_000;
const MAX_RESIDENT_BYTES = 1024 ** 3;
const WATCH_EVERY_MS = 100;
const MAX_HEAP_MEGABYTES = 512;
/** What libraries leak is bounded by the life of the process. */
const DOCUMENTS_PER_CHILD = 500;

export type ParsedDocument = { readonly parsed: Omit<Parsed, "blocks">; readonly passages: readonly Passage[] };

export type Parser = {
  /** Bytes to text and passages. Rejects with an `AppError` that tells the user what is wrong, or with `signal.reason`. */
  readonly parse: (input: ParseInput, signal: AbortSignal) => Promise<ParsedDocument>;
  readonly close: () => Promise<void>;
};

/** What a child process sends when it begins with a document. */
export const BEGUN = "begun";

/** What a child process sends back for a document. */
export type Reply =
  | { readonly document: ParsedDocument }
  | { readonly failure: { readonly code: ErrorCode; readonly message: string } }
  | { readonly bug: string };

type Options = { readonly workers?: number; readonly timeoutMs?: number; readonly maxBytes?: number };
type Limits = { readonly timeoutMs: number; readonly maxBytes: number };
type Slot = { child: ChildProcess | undefined; served: number };

/**
 * Parses in child processes, one document at a time in each. Documents are untrusted: a child that takes too long or too
 * much memory is killed and replaced. Worker threads would not do, their limits leave buffers unbounded.
 */
export function openParser({
  workers = 2,
  timeoutMs = PARSE_TIMEOUT_MS,
  maxBytes = MAX_RESIDENT_BYTES,
}: Options = {}): Parser {
  const slots = Array.from({ length: workers }, (): Slot => ({ child: undefined, served: 0 }));
  const idle = [...slots];
  const waiting: ((slot: Slot) => void)[] = [];
  let closed = false;

  function take(signal: AbortSignal): Promise<Slot> {
    const slot = idle.pop();
    if (slot) return Promise.resolve(slot);
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(signal.reason);
      };
      const enter = (free: Slot) => {
        signal.removeEventListener("abort", leave);
        resolve(free);
      };
      waiting.push(enter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  function release(slot: Slot): void {
    const next = waiting.shift();
    if (next) next(slot);
    else idle.push(slot);
  }

  return {
    async parse(input, signal) {
      signal.throwIfAborted();
      if (input.bytes.length > MAX_DOCUMENT_BYTES) {
        throw new AppError("too_large", "This document is larger than 50 MB. Split it.");
      }
      const slot = await take(signal);
      try {
        if (closed) throw new AppError("unavailable", "The service is shutting down. Try again.");
        signal.throwIfAborted();
        return resultOf(await ask(childOf(slot), input, { timeoutMs, maxBytes }, signal));
      } finally {
        retire(slot);
        release(slot);
      }
    },
    async close() {
      closed = true;
      await Promise.all(slots.map(({ child }) => (child ? stop(child) : undefined)));
    },
  };
}

function childOf(slot: Slot): ChildProcess {
  if (slot.child?.connected) return slot.child;
  const compiled = getCompileCacheDir();
  const child = fork(new URL("./parse-child.ts", import.meta.url), {
    serialization: "advanced",
    execArgv: [`--max-old-space-size=${MAX_HEAP_MEGABYTES}`],
    // Nothing of the environment: a parser that is taken over finds no credential in it.
    env: compiled === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compiled) },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  // Failures reach the caller through "exit" or "disconnect"; an unheard "error" would end this process.
  child.on("error", () => child.kill("SIGKILL"));
  slot.child = child;
  slot.served = 0;
  return child;
}

/** Lets go of a child that has died or served long enough. */
function retire(slot: Slot): void {
  slot.served += 1;
  if (slot.child?.connected && !slot.child.killed && slot.served < DOCUMENTS_PER_CHILD) return;
  slot.child?.kill("SIGKILL");
  slot.child = undefined;
}

function ask(child: ChildProcess, input: ParseInput, limits: Limits, signal: AbortSignal): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (done: () => void) => {
      settled = true;
      clearTimeout(timer);
      clearInterval(watch);
      signal.removeEventListener("abort", abort);
      child.off("message", answered).off("exit", died).off("error", failed);
      done();
    };
    const kill = (reason: unknown) => {
      // A look at the memory that began before the answer: by now the child may have the next document.
      if (settled) return;
      child.kill("SIGKILL");
      settle(() => reject(reason));
    };
    const abort = () => kill(signal.reason);
    const answered = (reply: unknown) => {
      if (reply !== BEGUN) return settle(() => resolve(reply as Reply));
      clearTimeout(timer);
      timer = setTimeout(() => kill(tooSlow(limits.timeoutMs)), limits.timeoutMs);
    };
    const died = (code: number | null, by: NodeJS.Signals | null) => settle(() => reject(deathOf(code, by)));
    const failed = (error: Error) => kill(stopped(error));
    let timer = setTimeout(() => kill(stopped(undefined)), START_TIMEOUT_MS);
    const watch = setInterval(async () => {
      if ((await residentBytes(child.pid)) > limits.maxBytes) kill(tooHungry());
    }, WATCH_EVERY_MS);
    signal.addEventListener("abort", abort, { once: true });
    child.on("message", answered).on("exit", died).on("error", failed);
    child.send(input, (error) => error && kill(stopped(error)));
  });
}

/** Where the system has no /proc, the heap limit of the child is the only one. */
async function residentBytes(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "latin1");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function resultOf(reply: Reply): ParsedDocument {
  if ("document" in reply) return reply.document;
  if ("failure" in reply) throw new AppError(reply.failure.code, reply.failure.message);
  throw new Error("The parser failed on a document", { cause: reply.bug });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

/** V8 aborts when its heap is full; anything else came from outside, and another try may succeed. */
function deathOf(code: number | null, by: NodeJS.Signals | null): AppError {
  return by === "SIGABRT" || by === "SIGTRAP" || code === 134 ? tooHungry() : stopped(undefined);
}

function tooSlow(timeoutMs: number): AppError {
  const why = `This document took longer than ${timeoutMs / 1_000} s to read. Simplify it or split it into parts.`;
  return new AppError("unreadable_document", why);
}

function tooHungry(): AppError {
  return new AppError("unreadable_document", "This document needs too much memory to be read. Split it into parts.");
}

function stopped(cause: unknown): AppError {
  return new AppError("unavailable", "Reading this document was interrupted. Try again.", { cause });
}
