import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { refreshTurn, turnOfAnswer } from "../chat/chat.ts";
import { currentChat } from "../chat/open-chats.ts";
import { ApiFailure } from "../http.ts";
import { shownText } from "../markdown/shown-text.ts";
import type { Citation } from "../shapes.ts";
import type { SourcePlace } from "../state/route.ts";
import { t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Notice } from "../ui/notice.ts";
import { Pane } from "../ui/pane.ts";
import { useLoaded } from "../ui/use-loaded.ts";
import { DocumentFacts } from "./document-facts.ts";
import { DocumentText } from "./document-text.ts";
import { type OpenDocument, openDocument } from "./document-window.ts";

/** A document beside the chat, at the words that a citation points to. */
export function DocumentPane({ place }: { readonly place: SourcePlace }) {
  const { document, version, start, end } = place;
  const load = (): Promise<OpenDocument> =>
    openDocument(place).catch((error: unknown) => {
      forget(place, error);
      throw error;
    });
  const { value: opened, failure } = useLoaded(load, [document, version, start, end]);
  const citation = citationOf(place);
  const title = opened.value ? shownText(opened.value.details.title) : t("source.title");
  return html`
    <${Pane} title=${title} label=${t("source.title")}>
      ${failure.value !== undefined && html`<${OpenFailure} error=${failure.value} />`}
      ${failure.value === undefined && !opened.value && html`<p class="quiet pane-note">${t("common.loading")}</p>`}
      ${opened.value && html`<${Opened} place=${place} opened=${opened.value} citation=${citation} />`}
    <//>
  `;
}

type OpenedProps = {
  readonly place: SourcePlace;
  readonly opened: OpenDocument;
  readonly citation: Citation | undefined;
};

const Opened = ({ place, opened, citation }: OpenedProps) => html`
  <${DocumentFacts} place=${place} details=${opened.details} citation=${citation} />
  ${
    citation &&
    "verified" in citation &&
    !citation.verified &&
    html`<${Notice} tone="warn" icon="question" title=${t("citation.unverifiedTitle")} text=${t("citation.unverified")} />`
  }
  <${DocumentText} key=${opened.window} place=${place} window=${opened.window as Signal} />
`;

const OpenFailure = ({ error }: { readonly error: unknown }) => {
  const { title, text } = isGone(error)
    ? { title: t("source.gone"), text: t("source.gone.text") }
    : explainFailure(error);
  return html`<${Notice} icon="lock" title=${title} text=${text} />`;
};

const isGone = (error: unknown): boolean => error instanceof ApiFailure && error.details.status === 404;

/** The citation that led here, as long as its answer is shown. */
function citationOf({ answer, citation }: SourcePlace): Citation | undefined {
  if (answer === undefined || citation === undefined) return undefined;
  return turnOfAnswer(currentChat.value, answer)?.value.citations?.[citation];
}

/** What may not be read any more must not stay on the screen in quotes either. */
function forget({ answer }: SourcePlace, error: unknown): void {
  const turn = answer === undefined ? undefined : turnOfAnswer(currentChat.peek(), answer);
  if (turn && isGone(error)) void refreshTurn(turn).catch(() => undefined);
}
