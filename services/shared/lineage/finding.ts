/**
 * What a check found, with a sentence for people. `erased` and `skipped` are no failures: what is gone, or was not given,
 * says nothing against the rest.
 */
export type Finding = readonly [result: "ok" | "failed" | "erased" | "skipped", detail: string];

export const ok = (detail: string): Finding => ["ok", detail];
export const failed = (detail: string): Finding => ["failed", detail];
export const skipped = (detail: string): Finding => ["skipped", detail];
