import { html } from "htm/preact";
import { t } from "../text/text.ts";
import { Icon } from "../ui/icon.ts";
import { filter } from "./document-list-state.ts";

const STATES = ["", "ready", "pending", "failed"] as const;

export const DocumentFilter = () => html`
  <div class="filter">
    <label class="search">
      <${Icon} name="search" />
      <input
        type="search"
        maxlength="200"
        aria-label=${t("documents.search")}
        placeholder=${t("documents.search")}
        value=${filter.value.query}
        onInput=${(event: Event) => {
          filter.value = { ...filter.value, query: (event.currentTarget as HTMLInputElement).value };
        }}
      />
    </label>
    <div class="segments" role="group" aria-label=${t("documents.state")}>
      ${STATES.map(
        (state) => html`
          <button
            type="button"
            class="segment"
            aria-pressed=${filter.value.state === state}
            onClick=${() => {
              filter.value = { ...filter.value, state };
            }}
          >
            ${t(state === "" ? "documents.all" : `documents.state.${state}`)}
          </button>
        `,
      )}
    </div>
  </div>
`;
