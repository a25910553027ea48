import { signal } from "@preact/signals";
import * as api from "../api.ts";
import type { DocumentState, DocumentView } from "../shapes.ts";

export const documents = signal<readonly DocumentView[]>([]);
export const filter = signal<{ readonly query: string; readonly state: DocumentState | "" }>({ query: "", state: "" });
export const loading = signal(false);
export const failure = signal<unknown>(undefined);
/** How many there are of any state, as far as the reader may know. */
export const total = signal<number | undefined>(undefined);
const cursor = signal<string | undefined>(undefined);

let newest = 0;

/** Reads the list anew from its beginning; of several that overlap, the one asked for last counts. */
export async function reloadDocuments(): Promise<void> {
  newest += 1;
  const mine = newest;
  loading.value = true;
  try {
    const page = await api.documents({ ...filter.value, cursor: undefined });
    if (mine !== newest) return;
    documents.value = page.documents;
    cursor.value = page.next_cursor ?? undefined;
    failure.value = undefined;
    total.value = (await api.ingestionStatus().catch(() => undefined))?.documents.total;
  } catch (error) {
    if (mine === newest) failure.value = error;
    throw error;
  } finally {
    if (mine === newest) loading.value = false;
  }
}

/** Reads on, when there is more and nothing is being read. */
export async function loadMoreDocuments(): Promise<void> {
  if (cursor.value === undefined || loading.value) return;
  const mine = newest;
  loading.value = true;
  try {
    const page = await api.documents({ ...filter.value, cursor: cursor.value });
    if (mine !== newest) return;
    const known = new Set(documents.value.map(({ id }) => id));
    documents.value = [...documents.value, ...page.documents.filter(({ id }) => !known.has(id))];
    cursor.value = page.next_cursor ?? undefined;
  } finally {
    if (mine === newest) loading.value = false;
  }
}
