import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useId, useState } from "preact/hooks";
import * as api from "../api.ts";
import { say } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import type { Turn } from "./turn.ts";

const REASONS = ["wrong", "incomplete", "wrong_source", "outdated", "not_found", "other"] as const;
const MAX_COMMENT = 2000;

type Props = { readonly turn: Signal<Turn>; readonly rating: "up" | "down"; readonly onClose: () => void };

/** A rating counts at once; a reason and a comment may follow, now or later. */
export function FeedbackForm({ turn, rating, onClose }: Props) {
  const { answerId, feedback } = turn.peek();
  const kept = feedback?.rating === rating ? feedback : undefined;
  const [reason, setReason] = useState(kept?.reason);
  const [comment, setComment] = useState(kept?.comment ?? "");
  const id = useId();
  const save = async (more: { reason?: string; comment?: string }, thanks: boolean): Promise<void> => {
    try {
      await api.sendFeedback(answerId!, { rating, ...more });
      turn.value = { ...turn.peek(), feedback: { rating, ...more } };
      if (thanks) {
        say(t("feedback.thanks"));
        onClose();
      }
    } catch (error) {
      say(explainFailure(error).title, "bad");
    }
  };
  useEffect(() => void (kept ?? save({}, false)), []);
  return html`
    <form
      class="feedback"
      aria-label=${t("feedback.title")}
      onSubmit=${(event: Event) => {
        event.preventDefault();
        void save({ ...(reason && { reason }), ...(comment.trim() && { comment: comment.trim() }) }, true);
      }}
    >
      ${
        rating === "down" &&
        html`<fieldset class="reasons">
          <legend>${t("feedback.why")}</legend>
          ${REASONS.map(
            (one) => html`
              <label class="reason">
                <input type="radio" name=${id} checked=${reason === one} onChange=${() => setReason(one)} />
                <span>${t(`feedback.reason.${one}`)}</span>
              </label>
            `,
          )}
        </fieldset>`
      }
      <label class="field-label" for=${`${id}-comment`}>${t("feedback.comment")}</label>
      <textarea
        id=${`${id}-comment`}
        class="field"
        rows="2"
        dir="auto"
        maxlength=${MAX_COMMENT}
        value=${comment}
        onInput=${(event: Event) => setComment((event.currentTarget as HTMLTextAreaElement).value)}
      ></textarea>
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${t("common.close")}</button>
        <button type="submit" class="button button-primary">${t("feedback.send")}</button>
      </div>
    </form>
  `;
}
