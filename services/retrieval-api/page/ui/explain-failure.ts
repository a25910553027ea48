import { ApiFailure } from "../http.ts";
import { isMessage, t } from "../text/text.ts";

/** What a failed request means to its reader: in the page's language where the code is known. */
export function explainFailure(error: unknown): { readonly title: string; readonly text: string } {
  if (!(error instanceof ApiFailure)) return { title: t("failure.internal"), text: t("failure.internal.text") };
  const { code } = error.details;
  const [title, text] = [`failure.${code}`, `failure.${code}.text`];
  if (!isMessage(title)) return { title: t("failure.other"), text: error.message };
  // The server's sentence is the more exact one, where ours has nothing to add.
  return { title: t(title), text: isMessage(text) ? t(text) : error.message };
}
