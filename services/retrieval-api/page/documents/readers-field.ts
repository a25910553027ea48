import { html } from "htm/preact";
import { useId, useState } from "preact/hooks";
import { shownText } from "../markdown/shown-text.ts";
import { t } from "../text/text.ts";
import { IconButton } from "../ui/icon-button.ts";
import { readersText } from "./readers-text.ts";

type Props = {
  /** `tenant` means everyone in it. Empty: people or groups are wanted, and none is named yet. */
  readonly acl: readonly string[];
  readonly onChange: (acl: readonly string[]) => void;
};

const NAME = /^[^\s:][^\s]{0,127}$/;

/** Who may read: everyone in the tenant, or people and groups by name. */
export function ReadersField({ acl, onChange }: Props) {
  const id = useId();
  const [kind, setKind] = useState<"group" | "user">("group");
  const [name, setName] = useState("");
  const named = acl.filter((entry) => entry !== "tenant");
  const open = !acl.includes("tenant");
  const add = (event: Event): void => {
    event.preventDefault();
    if (!NAME.test(name.trim())) return;
    onChange([...new Set([...named, `${kind}:${name.trim()}`])]);
    setName("");
  };
  return html`
    <fieldset class="readers">
      <legend class="field-label">${t("readers.title")}</legend>
      <label class="readers-choice">
        <input
          type="radio"
          name=${id}
          checked=${!open}
          onChange=${() => onChange(["tenant"])}
        />
        ${t("readers.everyone")}
      </label>
      <label class="readers-choice">
        <input type="radio" name=${id} checked=${open} onChange=${() => onChange([])} />
        ${t("readers.named")}
      </label>
      ${
        open &&
        html`
          <div class="readers-names">
            ${named.length === 0 && html`<p class="bad-text">${t("readers.nobody")}</p>`}
            ${named.map(
              (entry) => html`
                <span class="reader" key=${entry}>
                  <span dir="auto">${readersText([entry])}</span>
                  <${IconButton}
                    icon="close"
                    label=${t("readers.remove", { name: shownText(entry) })}
                    onClick=${() => onChange(named.filter((one) => one !== entry))}
                  />
                </span>
              `,
            )}
            <form class="readers-add" onSubmit=${add}>
              <select
                class="field"
                aria-label=${t("readers.kind")}
                value=${kind}
                onChange=${(event: Event) => setKind((event.currentTarget as HTMLSelectElement).value as "group" | "user")}
              >
                <option value="group">${t("readers.group")}</option>
                <option value="user">${t("readers.user")}</option>
              </select>
              <input
                class="field"
                aria-label=${t("readers.name")}
                placeholder=${t("readers.name")}
                maxlength="128"
                value=${name}
                onInput=${(event: Event) => setName((event.currentTarget as HTMLInputElement).value)}
              />
              <button type="submit" class="button" disabled=${!NAME.test(name.trim())}>${t("readers.add")}</button>
            </form>
          </div>
        `
      }
    </fieldset>
  `;
}
