import { aclEntriesOf } from "#shared/principal.ts";
import type { Question } from "../answer/draft.ts";
import type { Message } from "../answer/prompt.ts";

/** What the record only commits to and a replay needs: kept beside the answer, and erased with it. */
export type Inputs = {
  readonly acl: readonly string[];
  readonly collections: readonly string[] | null;
  readonly history: readonly Message[];
};

export const inputsOf = ({ principal, collections, history }: Question): Inputs => ({
  acl: aclEntriesOf(principal).sort(),
  collections: collections ?? null,
  history,
});
