import { html } from "htm/preact";
import { chooseLanguage, chooseTheme, LANGUAGES, language, THEMES, theme } from "../state/preferences.ts";
import { t } from "../text/text.ts";
import { IconButton } from "../ui/icon-button.ts";

const ICONS = { system: "system", light: "sun", dark: "moon" } as const;
const NAMES = { en: "English", zh: "中文" } as const;

/** Colours and language. */
export function PreferenceButtons() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
  return html`
    <div class="preferences">
      <div class="languages" role="group" aria-label=${t("preferences.language")}>
        ${LANGUAGES.map(
          (one) => html`
            <button
              type="button"
              class="language"
              lang=${one}
              aria-pressed=${language.value === one}
              onClick=${() => chooseLanguage(one)}
            >
              ${NAMES[one]}
            </button>
          `,
        )}
      </div>
      <${IconButton}
        icon=${ICONS[theme.value]}
        label=${t("preferences.theme", { theme: t(`preferences.theme.${theme.value}`) })}
        onClick=${() => chooseTheme(next)}
      />
    </div>
  `;
}
