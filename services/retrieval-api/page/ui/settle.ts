import { nextFrame } from "./task-time.ts";

/**
 * As a `ref`: from when all of an element has been laid out once, it is not laid out again while it is out of sight.
 * Its size is known by then, so that nothing jumps when it comes back.
 */
export function settle(element: HTMLElement | null): void {
  const look = (): void => {
    if (!element?.isConnected) return;
    if (element.querySelector("[aria-busy=true]")) void nextFrame().then(look);
    else element.style.contentVisibility = "auto";
  };
  void nextFrame().then(nextFrame).then(look);
}
