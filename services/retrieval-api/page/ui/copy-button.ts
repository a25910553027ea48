import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { say } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import type { IconName } from "./icon.ts";
import { IconButton } from "./icon-button.ts";

const DONE_MS = 1600;

type Props = { readonly label: string; readonly text: () => string; readonly icon?: IconName };

/** Copies a text, and shows for a moment that it did. */
export function CopyButton({ label, text, icon = "copy" }: Props) {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      say(t("common.copyFailed"), "bad");
      return;
    }
    setDone(true);
    setTimeout(() => setDone(false), DONE_MS);
  };
  return html`<${IconButton} icon=${done ? "check" : icon} label=${done ? t("common.copied") : label} onClick=${copy} />`;
}
