import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { plainText } from "../markdown/plain-text.ts";
import { showPane } from "../state/route.ts";
import { t } from "../text/text.ts";
import { CopyButton } from "../ui/copy-button.ts";
import { Icon } from "../ui/icon.ts";
import { IconButton } from "../ui/icon-button.ts";
import { askIn, type Chat } from "./chat.ts";
import { markdownOfTurn } from "./export-chat.ts";
import { FeedbackForm } from "./feedback-form.ts";
import type { Turn } from "./turn.ts";

type Props = { readonly chat: Chat; readonly turn: Signal<Turn> };

/** What can be done with an answer, and what was checked of it. */
export function AnswerActions({ chat, turn }: Props) {
  const { answerId, content, withheld, feedback } = turn.value;
  const [form, setForm] = useState<"up" | "down" | undefined>(undefined);
  const rate = (next: "up" | "down") => () => setForm(form === next ? undefined : next);
  const rating = form ?? feedback?.rating;
  return html`
    <div class="answer-actions">
      <button type="button" class="checked" onClick=${() => showPane({ kind: "lineage", answer: answerId! })}>
        <${Icon} name="shield" />${checkedText(turn.value)}
      </button>
      <span class="answer-buttons">
        ${
          !withheld &&
          content !== "" &&
          html`
            <${CopyButton} label=${t("chat.copyAnswer")} text=${() => plainText(content)} />
            <${CopyButton} icon="documents" label=${t("chat.copyMarkdown")} text=${() => markdownOfTurn(turn.peek(), false)} />
          `
        }
        <${IconButton}
          icon="again"
          label=${t("chat.regenerate")}
          disabled=${chat.busy}
          onClick=${() => askIn(chat, turn.peek().question, turn)}
        />
        <${IconButton} icon="up" label=${t("feedback.up")} pressed=${rating === "up"} onClick=${rate("up")} />
        <${IconButton} icon="down" label=${t("feedback.down")} pressed=${rating === "down"} onClick=${rate("down")} />
      </span>
    </div>
    ${form && html`<${FeedbackForm} key=${form} turn=${turn} rating=${form} onClose=${() => setForm(undefined)} />`}
  `;
}

function checkedText({ outcome, citations = [] }: Turn): string {
  const checkable = citations.flatMap((citation) => ("verified" in citation ? [citation.verified] : []));
  if (checkable.length === 0) return t("lineage.open");
  const good = checkable.filter(Boolean).length;
  if (outcome === "aborted") return t("lineage.open");
  if (good === checkable.length) return t(good === 1 ? "lineage.oneChecked" : "lineage.allChecked", { all: good });
  return t("lineage.someChecked", { good, all: checkable.length });
}
