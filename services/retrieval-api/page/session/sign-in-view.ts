import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiFailure } from "../http.ts";
import { PreferenceButtons } from "../sidebar/preference-buttons.ts";
import { session, signIn } from "../state/session.ts";
import { t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";

/** The key is sent once and kept nowhere here: what stays is a cookie that no script can read. */
export function SignInView() {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current!.focus(), []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await signIn(key.trim());
      setKey("");
    } catch (failure) {
      setError(failure);
      field.current?.select();
    } finally {
      setBusy(false);
    }
  };
  const refused = error instanceof ApiFailure && error.details.status === 401;
  return html`
    <main class="sign-in">
      <form class="sign-in-card" onSubmit=${submit}>
        <span class="brand-mark brand-mark-large" aria-hidden="true"></span>
        <h1 class="welcome-title">${t("signIn.title")}</h1>
        <p class="quiet">${t(session.value ? "signIn.expired" : "signIn.text")}</p>
        <label class="field-label" for="api-key">${t("signIn.key")}</label>
        <input
          id="api-key"
          ref=${field}
          class="field"
          type="password"
          autocomplete="off"
          spellcheck=${false}
          placeholder="cairn_…"
          aria-describedby="api-key-note"
          aria-invalid=${refused}
          value=${key}
          onInput=${(event: Event) => setKey((event.currentTarget as HTMLInputElement).value)}
        />
        <p id="api-key-note" class=${error === undefined ? "quiet" : "bad-text"} role=${error === undefined ? undefined : "alert"}>
          ${error === undefined ? t("signIn.note") : refused ? t("signIn.refused") : explainFailure(error).title}
        </p>
        <button type="submit" class="button button-primary" disabled=${busy || key.trim() === ""}>${t("signIn.submit")}</button>
        <${PreferenceButtons} />
      </form>
    </main>
  `;
}
