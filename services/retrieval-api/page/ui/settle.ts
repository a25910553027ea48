import { nextFrame } from "./task-time.ts";

/**
 * As a `ref`: from when all of an element has been laid out once, it is not laid out again while it is out of sight.
 * Its size is known by then, so that nothing jumps when it comes back.
 */
export function settle(element: HTMLElement | null): void {
  let whole = false;
  const look = (): void => {
    if (!element?.isConnected) return;
    // What was drawn last in this very frame is laid out in the next one.
    if (whole) element.style.contentVisibility = "auto";
    else {
      whole = element.querySelector("[aria-busy=true]") === null;
      void nextFrame().then(look);
    }
  };
  void nextFrame().then(look);
}
