import { type Signal, signal } from "@preact/signals";
import * as api from "../api.ts";
import type { DocumentDetails } from "../shapes.ts";
import type { SourcePlace } from "../state/route.ts";

/** How much is read before and behind a passage, in code points; the API gives at most 20,000 at a time. */
const BEFORE = 4000;
const BEHIND = 8000;
const STEP = 16_000;

/** A part of a version's text, `[start, end)` in code points, around what is to be seen in it. */
export type DocumentWindow = {
  readonly start: number;
  readonly end: number;
  readonly total: number;
  readonly text: string;
};
export type OpenDocument = {
  readonly details: DocumentDetails;
  readonly window: Signal<DocumentWindow>;
};

/** Reads what is around a place in a document. Rejects with `ApiFailure`: `document_not_found` when it may not be read. */
export async function openDocument({ document, version, start, end }: SourcePlace): Promise<OpenDocument> {
  const [details, text] = await Promise.all([
    api.documentDetails(document),
    api.documentText(document, version, Math.max(0, start - BEFORE), Math.min(end, start + BEHIND) + BEHIND),
  ]);
  return {
    details,
    window: signal({ start: text.start, end: text.end, total: text.code_points, text: text.text }),
  };
}

export async function readBefore({ document, version }: SourcePlace, window: Signal<DocumentWindow>): Promise<void> {
  const { start, end, total, text } = window.value;
  const more = await api.documentText(document, version, Math.max(0, start - STEP), start);
  window.value = { start: more.start, end, total, text: more.text + text };
}

export async function readBehind({ document, version }: SourcePlace, window: Signal<DocumentWindow>): Promise<void> {
  const { start, end, total, text } = window.value;
  const more = await api.documentText(document, version, end, end + STEP);
  window.value = { start, end: more.end, total, text: text + more.text };
}
