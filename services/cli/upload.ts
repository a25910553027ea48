import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, type Client } from "./client.ts";
import type { FoundFile } from "./find-files.ts";

const AT_ONCE = 4;
const POLL_MS = 200;

export type UploadSettings = { readonly collection: string | undefined; readonly acl: readonly string[] | undefined };

/** `accepted`: stored safely and not read yet. `ready`: searchable. */
export type Uploaded = {
  readonly path: string;
  readonly uri: string;
  readonly state: "accepted" | "ready" | "unchanged" | "failed";
  readonly document_id?: string;
  readonly version_id?: string;
  readonly job_id?: string;
  readonly reason?: string;
  readonly code?: string;
};

type Accepted = {
  readonly document: { readonly id: string; readonly current_version: string | null };
  readonly version_id: string;
  readonly job_id: string;
  readonly unchanged: boolean;
};
type Job = { readonly state: string; readonly reason: string | null; readonly code: string | null };

/** What is wrong with all files alike: no use in hearing it once a file. */
const OF_ALL_FILES = new Set(["unauthenticated", "forbidden"]);
const PARAMS_OF_ALL_FILES = new Set(["collection", "acl"]);

/**
 * Uploads files, a few at a time; `onFile` hears of each one's end. A file that the server refuses is `failed` and
 * keeps no other from being sent.
 */
export function uploadAll(
  client: Client,
  files: readonly FoundFile[],
  settings: UploadSettings,
  onFile: () => void,
  signal: AbortSignal,
): Promise<Uploaded[]> {
  return eachOf(files, onFile, signal, async ({ path, uri }) => {
    const form = new FormData();
    form.set("uri", uri);
    if (settings.collection !== undefined) form.set("collection", settings.collection);
    if (settings.acl !== undefined) form.set("acl", settings.acl.join(","));
    const file = await openAsBlob(path).catch((error: Error) => error);
    if (file instanceof Error) return { path, uri, state: "failed", reason: "The file could not be read." };
    form.set("file", file, basename(path));
    try {
      const sent = await client.call<Accepted>("/v1/documents", signal, { method: "POST", form });
      const { document, version_id, job_id, unchanged } = sent;
      // The same bytes again may still wait for their first reading.
      const state = unchanged && document.current_version === version_id ? "unchanged" : "accepted";
      return { path, uri, state, document_id: document.id, version_id, job_id };
    } catch (error) {
      if (!(error instanceof ApiError) || OF_ALL_FILES.has(error.code)) throw error;
      if (PARAMS_OF_ALL_FILES.has(error.param ?? "")) throw error;
      return { path, uri, state: "failed", reason: error.message, code: error.code };
    }
  });
}

/** Waits until every accepted file is searchable or given up; `onFile` hears of each one's end. */
export function waitForAll(
  client: Client,
  uploads: readonly Uploaded[],
  onFile: () => void,
  signal: AbortSignal,
): Promise<Uploaded[]> {
  return eachOf(uploads, onFile, signal, async (upload) => {
    if (upload.state !== "accepted") return upload;
    for (;;) {
      const job = await client.call<Job>(`/v1/jobs/${upload.job_id}`, signal);
      if (job.state === "done") return { ...upload, state: "ready" };
      if (job.state === "dead") {
        const { reason, code } = job;
        return { ...upload, state: "failed", reason: reason ?? "No reason is known.", ...(code !== null && { code }) };
      }
      await sleep(POLL_MS, undefined, { signal });
    }
  });
}

/** `work` over all items, a few at a time, results in order. The first rejection ends the others too. */
async function eachOf<T, R>(
  items: readonly T[],
  onItem: () => void,
  signal: AbortSignal,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let [next, failed] = [0, false];
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      signal.throwIfAborted();
      const at = next++;
      results[at] = await work(items[at]!);
      if (!failed) onItem();
    }
  };
  const lanes = Array.from({ length: AT_ONCE }, () =>
    lane().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const ended = await Promise.allSettled(lanes);
  for (const one of ended) if (one.status === "rejected") throw one.reason;
  return results;
}
