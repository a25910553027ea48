import { setTimeout as sleep } from "node:timers/promises";
import { concurrently } from "#shared/concurrently.ts";
import type { Client } from "../services/cli/client.ts";
import type { EvalDocument } from "./suite-data.ts";

const POLL_MS = 100;

type Accepted = { readonly document: { readonly id: string; readonly uri: string }; readonly version_id: string };
type Status = {
  readonly jobs: { readonly ready: number; readonly leased: number };
  readonly last_failures: readonly { readonly document_id: string | null; readonly reason: string | null }[];
};

export type Corpus = {
  readonly collection: string;
  /** The uri that a document was uploaded with, by its id on the server. */
  uriOf(documentId: string): string | undefined;
  /** The normalised text of a document, to which all offsets refer. */
  textOf(uri: string, signal: AbortSignal): Promise<string>;
};

/**
 * Uploads the documents one after the other, so that they have the same order in every run, and waits until all are
 * searchable. Those of another tenant go there with a key that `connect` makes a client of. Rejects when the server cannot
 * read one.
 */
export async function takeIn(
  client: Client,
  connect: (key: string) => Client,
  documents: readonly EvalDocument[],
  collection: string,
  signal: AbortSignal,
): Promise<Corpus> {
  const uploaders = new Map<string | undefined, Client>([[undefined, client]]);
  for (const tenant of new Set(documents.flatMap(({ tenant }) => tenant ?? []))) {
    const json = { tenant, subject: "evals", scopes: ["chat", "ingest"] };
    const { key } = await client.call<{ key: string }>("/v1/keys", signal, { method: "POST", json });
    uploaders.set(tenant, connect(key));
  }
  const uris = new Map<string, string>();
  const versions = new Map<string, { id: string; version: string }>();
  await concurrently(documents, 1, async ({ uri, title, text, mediaType, acl, tenant }) => {
    const json = { uri, title, text, media_type: mediaType, acl, collection };
    const { document, version_id } = await uploaders
      .get(tenant)!
      .call<Accepted>("/v1/documents", signal, { method: "POST", json });
    uris.set(document.id, uri);
    versions.set(uri, { id: document.id, version: version_id });
  });
  for (const uploader of uploaders.values()) await searchable(uploader, uris, signal);
  const texts = new Map<string, Promise<string>>();
  return {
    collection,
    uriOf: (id) => uris.get(id),
    textOf(uri, signal) {
      const known = versions.get(uri);
      if (!known) return Promise.reject(new Error(`The suite has no document "${uri}".`));
      const text = texts.get(uri) ?? readText(client, known, signal);
      texts.set(uri, text);
      return text;
    },
  };
}

async function searchable(client: Client, uris: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { jobs, last_failures } = await client.call<Status>("/v1/ingestion/status", signal);
    const failed = last_failures.find(({ document_id }) => document_id !== null && uris.has(document_id));
    if (failed) throw new Error(`${uris.get(failed.document_id!)} could not be read: ${failed.reason}`);
    if (jobs.ready + jobs.leased === 0) return;
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function readText(
  client: Client,
  { id, version }: { id: string; version: string },
  signal: AbortSignal,
): Promise<string> {
  let text = "";
  for (let start = 0; ; ) {
    const path = `/v1/documents/${id}/versions/${version}/text?start=${start}`;
    const part = await client.call<{ text: string; end: number; code_points: number }>(path, signal);
    text += part.text;
    start = part.end;
    if (start >= part.code_points) return text;
  }
}
