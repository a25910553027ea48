import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon.ts";

export type MenuItem = { readonly icon: IconName; readonly text: string; readonly onChoose: () => void };
type Props = { readonly icon: IconName; readonly label: string; readonly items: readonly MenuItem[] };

/** A few things to do, behind one button. Arrow keys move, Escape and leaving close. */
export function Menu({ icon, label, items }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const buttons = (): HTMLElement[] => [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  // Before the next key: an arrow that follows at once is meant for the list.
  useLayoutEffect(() => {
    if (open) buttons()[0]?.focus();
  }, [open]);
  const close = (): void => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!open) return;
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) all[(at + step + all.length) % all.length]?.focus();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onFocusOut = (event: FocusEvent): void => {
    if (!root.current?.contains(event.relatedTarget as Node | null)) setOpen(false);
  };
  return html`
    <div class="menu" ref=${root} onKeyDown=${onKeyDown} onFocusOut=${onFocusOut}>
      <button
        type="button"
        class="icon-button"
        aria-haspopup="menu"
        aria-expanded=${open}
        aria-label=${label}
        title=${label}
        onClick=${() => setOpen(!open)}
      >
        <${Icon} name=${icon} />
      </button>
      ${
        open &&
        html`<div class="menu-list" role="menu" aria-label=${label}>
          ${items.map(
            ({ icon: picture, text, onChoose }) => html`
              <button
                type="button"
                role="menuitem"
                tabindex="-1"
                class="menu-item"
                onClick=${() => {
                  close();
                  onChoose();
                }}
              >
                <${Icon} name=${picture} />${text}
              </button>
            `,
          )}
        </div>`
      }
    </div>
  `;
}
