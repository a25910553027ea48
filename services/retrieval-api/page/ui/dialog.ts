import { html } from "htm/preact";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

type Props = {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
};

/** What must be decided before anything else. The browser keeps the focus inside and gives it back at the end. */
export function Dialog({ title, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const onBackdrop = (event: MouseEvent): void => {
    if (event.target === ref.current) onClose();
  };
  return html`
    <dialog ref=${ref} class="dialog" aria-labelledby=${id} onClose=${onClose} onClick=${onBackdrop}>
      <div class="dialog-body">
        <h2 id=${id} class="dialog-title">${title}</h2>
        ${children}
      </div>
    </dialog>
  `;
}
