import { computed, signal } from "@preact/signals";
import * as api from "../api.ts";
import { mustSignIn } from "../http.ts";
import type { ReleaseView, Session } from "../shapes.ts";

/** Who the reader is; `undefined` until it is known. */
export const session = signal<Session | undefined>(undefined);
export const release = signal<ReleaseView | undefined>(undefined);

const holds = (scope: string): boolean => {
  const scopes = session.value?.scopes ?? [];
  return scopes.includes(scope) || scopes.includes("admin");
};
export const mayIngest = computed(() => holds("ingest"));
export const mayAudit = computed(() => holds("audit"));
export const isAdmin = computed(() => holds("admin"));

/** Asks who the reader is. Whoever is nobody sees the sign-in instead. */
export async function loadSession(): Promise<void> {
  session.value = await api.whoAmI();
  mustSignIn.value = false;
  if (holds("chat")) release.value = await api.release();
}

export async function signIn(key: string): Promise<void> {
  await api.signIn(key);
  await loadSession();
}

/** The page starts anew: nothing of what was shown may stay in memory for whoever comes next. */
export async function signOut(): Promise<void> {
  await api.signOut();
  location.hash = "";
  location.reload();
}
