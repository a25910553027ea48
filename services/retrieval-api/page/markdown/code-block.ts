import { html } from "htm/preact";
import { t } from "../text/text.ts";
import { CopyButton } from "../ui/copy-button.ts";
import type { Block } from "./block.ts";
import type { Marks } from "./marks.ts";
import { spellMarks } from "./words.ts";

type Props = { readonly block: Extract<Block, { type: "code" }>; readonly spell: Marks["spell"] };

export function CodeBlock({ block, spell }: Props) {
  const { language, text, whole = text, part } = block;
  return html`
    <div class=${part ? `md-code md-part md-part-${part}` : "md-code"}>
      ${
        (part === undefined || part === "first") &&
        html`
          <div class="md-code-head">
            <span>${language.slice(0, 24) || t("chat.code")}</span>
            <${CopyButton} label=${t("chat.copyCode")} text=${() => spellMarks(whole, spell)} />
          </div>
        `
      }
      <pre tabindex="0"><code>${spellMarks(text, spell)}</code></pre>
    </div>
  `;
}
