import { signal } from "@preact/signals";

const SHOWN_MS = 5000;

export type Toast = { readonly id: number; readonly text: string; readonly tone: "plain" | "bad" };

let lastId = 0;
export const toasts = signal<readonly Toast[]>([]);

/** Says something in passing; it goes away by itself. */
export function say(text: string, tone: Toast["tone"] = "plain"): void {
  lastId += 1;
  const toast = { id: lastId, text, tone };
  toasts.value = [...toasts.value.slice(-2), toast];
  setTimeout(() => {
    toasts.value = toasts.value.filter(({ id }) => id !== toast.id);
  }, SHOWN_MS);
}

/** What screen readers are told. It is taken away again: it may be words that must not be read any more. */
export const spoken = signal("");
const SPOKEN_MS = 15_000;

export function speak(text: string): void {
  spoken.value = text;
  setTimeout(() => {
    if (spoken.value === text) hush();
  }, SPOKEN_MS);
}

export function hush(): void {
  spoken.value = "";
}
