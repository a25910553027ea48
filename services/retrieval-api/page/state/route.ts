import { computed, signal } from "@preact/signals";

export type View = "chat" | "documents" | "status";

/** A place in a document that is shown beside the view, and the citation that led there. */
export type SourcePlace = {
  readonly document: string;
  readonly version: string;
  readonly start: number;
  readonly end: number;
  readonly answer?: string | undefined;
  /** Which of the answer's citations. */
  readonly citation?: number | undefined;
};
export type Pane =
  | ({ readonly kind: "source" } & SourcePlace)
  | { readonly kind: "lineage"; readonly answer: string }
  | { readonly kind: "document"; readonly document: string }
  | { readonly kind: "sources" };
export type Route = { readonly view: View; readonly conversation: string | undefined; readonly pane: Pane | undefined };

const VIEWS: readonly string[] = ["chat", "documents", "status"] satisfies View[];
const ID = /^[\w-]{1,64}$/;

const hash = signal(location.hash);
addEventListener("hashchange", () => {
  hash.value = location.hash;
});

/** Where the reader is. It lives in the address, so that back, reload and a second tab do what they should. */
export const route = computed(() => parseRoute(hash.value));

/** The address of a place in the page. */
export function addressOf({ view, conversation, pane }: Route): string {
  const path = conversation ? `#/${view}/${conversation}` : `#/${view}`;
  if (!pane) return path;
  const values = Object.entries(pane).filter(([, value]) => value !== undefined);
  return `${path}?${new URLSearchParams(values.map(([name, value]) => [name, String(value)]))}`;
}

export function goTo(next: Partial<Route>): void {
  const { view } = { ...route.value, ...next };
  location.hash = addressOf({ view, conversation: undefined, pane: undefined, ...next });
}

/** Beside what is shown now. Without a pane the one that is open closes. */
export function showPane(pane: Pane | undefined): void {
  location.hash = addressOf({ ...route.value, pane });
}

/** Takes the place of the present address: going back must not lead to what never was a place of its own. */
export function replaceRoute(next: Route): void {
  history.replaceState(null, "", addressOf(next));
  hash.value = location.hash;
}

export function parseRoute(text: string): Route {
  const [path = "", query = ""] = text.replace(/^#\/?/, "").split("?");
  const [view = "", conversation = ""] = path.split("/");
  const known = VIEWS.includes(view) ? (view as View) : "chat";
  return {
    view: known,
    conversation: known === "chat" && ID.test(conversation) ? conversation : undefined,
    pane: paneOf(new URLSearchParams(query)),
  };
}

function paneOf(values: URLSearchParams): Pane | undefined {
  const text = (name: string): string | undefined => {
    const value = values.get(name) ?? "";
    return ID.test(value) ? value : undefined;
  };
  const number = (name: string): number | undefined => {
    const value = values.get(name) ?? "";
    return /^\d{1,12}$/.test(value) ? Number(value) : undefined;
  };
  const [kind, document, version, answer] = ["kind", "document", "version", "answer"].map(text);
  if (kind === "lineage" && answer) return { kind, answer };
  if (kind === "sources") return { kind };
  if (kind === "document" && document) return { kind, document };
  if (kind !== "source" || !document || !version) return undefined;
  const [start = 0, end = 0] = [number("start"), number("end")];
  return { kind, document, version, start, end: Math.max(start, end), answer, citation: number("citation") };
}
