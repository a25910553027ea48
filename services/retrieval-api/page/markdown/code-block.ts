import { html } from "htm/preact";
import { t } from "../text/text.ts";
import { CopyButton } from "../ui/copy-button.ts";
import type { SpellMark } from "./markdown.ts";
import { spellMarks } from "./words.ts";

type Props = { readonly language: string; readonly text: string; readonly spell: SpellMark };

export function CodeBlock({ language, text, spell }: Props) {
  const code = spellMarks(text, spell);
  return html`
    <div class="md-code">
      <div class="md-code-head">
        <span>${language.slice(0, 24) || t("chat.code")}</span>
        <${CopyButton} label=${t("chat.copyCode")} text=${() => code} />
      </div>
      <pre tabindex="0"><code>${code}</code></pre>
    </div>
  `;
}
