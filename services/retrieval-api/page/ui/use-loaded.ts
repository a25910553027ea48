import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

export type Loaded<T> = { readonly value: Signal<T | undefined>; readonly failure: Signal<unknown> };

/** What `load` resolves to, anew whenever one of `keys` changes. What comes too late for that is thrown away. */
export function useLoaded<T>(load: () => Promise<T>, keys: readonly unknown[]): Loaded<T> {
  const value = useSignal<T | undefined>(undefined);
  const failure = useSignal<unknown>(undefined);
  useEffect(() => {
    let current = true;
    value.value = undefined;
    failure.value = undefined;
    load().then(
      (found) => {
        if (current) value.value = found;
      },
      (error: unknown) => {
        if (current) failure.value = error;
      },
    );
    return () => {
      current = false;
    };
  }, [...keys]);
  return { value, failure };
}
