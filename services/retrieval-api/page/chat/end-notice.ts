import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Notice } from "../ui/notice.ts";
import { askIn, type Chat } from "./chat.ts";
import type { Turn } from "./turn.ts";

type Props = { readonly chat: Chat; readonly turn: Signal<Turn> };

/** What a reader must know of how an answer ended, when it did not simply end well. */
export function EndNotice({ chat, turn }: Props) {
  const { state, outcome, withheld, content } = turn.value;
  if (withheld) return html`<${Notice} icon="lock" title=${t("end.withheld")} text=${t("end.withheld.text")} />`;
  if (state === "failed" || state === "lost") return html`<${FailureNotice} chat=${chat} turn=${turn} />`;
  if (state === "stopped") {
    return html`
      <${Notice} icon="stop" title=${t("end.stopped")} text=${content === "" ? undefined : t("end.stopped.text")}>
        <${AgainButton} chat=${chat} turn=${turn} />
      <//>
    `;
  }
  if (outcome === "refused") return html`<${Notice} title=${t("end.refused")} text=${t("end.refused.text")} />`;
  if (outcome === "partial") {
    const unverified = turn.value.citations?.some((citation) => "verified" in citation && !citation.verified);
    const reason =
      (turn.value.citations?.length ?? 0) === 0
        ? "end.partial.uncited"
        : unverified
          ? "end.partial.unverified"
          : "end.partial.cut";
    return html`<${Notice} tone="warn" title=${t("end.partial")} text=${t(reason)} />`;
  }
  return null;
}

function FailureNotice({ chat, turn }: Props) {
  const { failure, state } = turn.value;
  const waitSeconds = useCountdown(failure?.details.retryAfterSeconds ?? 0, turn.value.key);
  const { title, text } =
    state === "lost" && failure?.details.code === "lost"
      ? { title: t("end.lost"), text: t("end.lost.text") }
      : failure
        ? explainFailure(failure)
        : { title: t("end.failed"), text: t("end.failed.text") };
  return html`
    <${Notice} tone="bad" icon=${failure?.details.status === 0 ? "offline" : "warning"} title=${title} text=${text}>
      ${waitSeconds > 0 && html`<p class="notice-text" role="timer">${t("end.waitFor", { seconds: waitSeconds })}</p>`}
      <${AgainButton} chat=${chat} turn=${turn} disabled=${waitSeconds > 0} />
    <//>
  `;
}

function AgainButton({ chat, turn, disabled = false }: Props & { readonly disabled?: boolean }) {
  return html`
    <button
      type="button"
      class="button"
      disabled=${disabled || chat.running.value !== undefined}
      onClick=${() => askIn(chat, turn.peek().question, turn)}
    >
      ${t("chat.askAgain")}
    </button>
  `;
}

/** Whole seconds that are left of a time that began when `key` was new. */
function useCountdown(seconds: number, key: string): number {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    // By this machine's own steady clock: the wait is a duration, whatever time either side believes it is.
    const until = performance.now() + seconds * 1000;
    setLeft(seconds);
    const timer = setInterval(() => {
      const rest = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      setLeft(rest);
      if (rest === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [seconds, key]);
  return left;
}
