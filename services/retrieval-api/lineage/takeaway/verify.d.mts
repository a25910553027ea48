export type Check = {
  readonly property: keyof typeof PROPERTIES;
  readonly result: "ok" | "failed" | "erased" | "skipped";
  readonly detail: string;
};
export type Verification = {
  readonly ok: boolean;
  readonly level: "L1" | "L2" | "L3" | null;
  readonly checks: readonly Check[];
};
export type Known = {
  readonly keys?: readonly object[];
  readonly log?: { readonly checkpoint: string; readonly hashes?: readonly string[] | undefined };
};

export declare const PROPERTIES: Readonly<
  Record<
    | "format"
    | "signature"
    | "key"
    | "record"
    | "digest"
    | "answer"
    | "tag"
    | "checkpoint"
    | "inclusion"
    | "consistency",
    number
  >
>;
export declare function verifyBundle(text: string, known?: Known): Promise<Verification>;
export declare function exitCodeOf(verification: Verification): number;
