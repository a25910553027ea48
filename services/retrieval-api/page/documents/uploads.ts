import { type Signal, signal } from "@preact/signals";
import * as api from "../api.ts";
import { ApiFailure } from "../http.ts";
import type { Job } from "../shapes.ts";
import { reloadDocuments } from "./document-list-state.ts";

/** A browser holds few connections to one server open, and each of these may hold one for as long as its job runs. */
const AT_ONCE = 3;

export type UploadState = "waiting" | "sending" | "queued" | "working" | "ready" | "unchanged" | "failed";
export type Upload = {
  readonly id: number;
  readonly file: File;
  /** Below what was dropped or chosen. */
  readonly path: string;
  readonly acl: readonly string[];
  readonly state: UploadState;
  readonly step: string | null;
  /** Why it failed: what the request was refused with, or what the job says. */
  readonly failure: ApiFailure | undefined;
  readonly jobId: string | undefined;
};

let lastId = 0;
let running = 0;
export const uploads = signal<readonly Signal<Upload>[]>([]);

/** Sends files, a few at a time. Each is done when it can be searched. */
export function addUploads(
  files: readonly { readonly file: File; readonly path: string }[],
  acl: readonly string[],
): void {
  const added = files.map(({ file, path }) => {
    lastId += 1;
    const waiting = { state: "waiting", step: null, failure: undefined, jobId: undefined } as const;
    return signal<Upload>({ id: lastId, file, path, acl, ...waiting });
  });
  uploads.value = [...uploads.value, ...added];
  pump();
}

export const isOver = ({ state }: Upload): boolean => state === "ready" || state === "unchanged" || state === "failed";

/** Takes what is over off the list; what failed stays until it is looked at. */
export function clearUploads(): void {
  uploads.value = uploads.value.filter((upload) => !isOver(upload.value));
}

export function retryUpload(upload: Signal<Upload>): void {
  upload.value = { ...upload.value, state: "waiting", failure: undefined };
  pump();
}

function pump(): void {
  for (const upload of uploads.value) {
    if (running >= AT_ONCE) return;
    if (upload.peek().state !== "waiting") continue;
    running += 1;
    void run(upload).finally(() => {
      running -= 1;
      pump();
      if (running === 0) void reloadDocuments().catch(() => undefined);
    });
  }
}

async function run(upload: Signal<Upload>): Promise<void> {
  const set = (change: Partial<Upload>): void => {
    upload.value = { ...upload.peek(), ...change };
  };
  set({ state: "sending" });
  const { file, path, acl } = upload.peek();
  const leaving = new AbortController();
  try {
    const sent = await api.upload(file, `upload:///${path}`, acl, leaving.signal);
    if (sent.unchanged || sent.job_id === null) return set({ state: "unchanged" });
    set({ state: "queued", jobId: sent.job_id });
    for await (const job of api.jobEvents(sent.job_id, leaving.signal)) show(job, set);
    // The stream of events has its own end; the job's is what counts.
    if (!isOver(upload.peek())) show(await api.job(sent.job_id), set);
  } catch (error) {
    const failure =
      error instanceof ApiFailure ? error : new ApiFailure(String(error), { status: 0, code: "internal" });
    set({ state: "failed", failure });
  } finally {
    leaving.abort();
  }
}

function show(job: Job, set: (change: Partial<Upload>) => void): void {
  const { state, step, reason, code } = job;
  if (state === "done") set({ state: "ready", step: null });
  else if (state === "dead") {
    set({ state: "failed", failure: new ApiFailure(reason ?? "", { status: 200, code: code ?? "internal" }) });
  } else set({ state: state === "leased" ? "working" : "queued", step });
}
