import * as api from "../api.ts";
import { ApiFailure } from "../http.ts";
import type { Answer, Citation, LineageTag } from "../shapes.ts";

/** One thing that was looked at, here, in the reader's own browser. */
export type Check = {
  readonly name: string;
  readonly result: "ok" | "failed" | "skipped" | "erased";
  /** What was found, exactly. */
  readonly detail: string;
};
export type CheckReport = { readonly ok: boolean; readonly checks: readonly Check[] };

type Verification = { readonly checks: readonly { property: string; result: Check["result"]; detail: string }[] };
type Verifier = { verifyBundle(text: string): Promise<Verification> };

/** Anybody may take it away and read it: it is one file, and knows nothing of this page. */
const VERIFIER = "/.well-known/cairn-verify.mjs";

/**
 * Checks an answer without asking the server for its opinion: signature, digests and log proof of the record by the
 * published verifier, what is shown against what was signed, and every quote against the text that it is from.
 */
export async function checkAnswer(answer: Answer): Promise<CheckReport> {
  const checks = [...(await checkRecord(answer)), await checkQuotes(answer)];
  return { ok: checks.every(({ result }) => result !== "failed"), checks };
}

async function checkRecord(answer: Answer): Promise<Check[]> {
  let text: string;
  try {
    text = await (await api.record(answer.id)).text();
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.details.status !== 403) throw error;
    return [{ name: "signature", result: "skipped", detail: "forbidden" }];
  }
  const { verifyBundle } = (await import(VERIFIER)) as Verifier;
  const { checks } = await verifyBundle(text);
  return [
    ...checks.map(({ property, result, detail }) => ({ name: property, result, detail })),
    shownCheck(text, answer),
  ];
}

/** The verifier holds record and tag together; this holds both against what the page shows. */
function shownCheck(text: string, answer: Answer): Check {
  const { openings, tag } = JSON.parse(text) as { openings: { answer: { text: string } | string }; tag: LineageTag };
  const opened = openings.answer;
  const name = "shown";
  if (typeof opened === "string") return { name, result: opened === "erased" ? "erased" : "skipped", detail: opened };
  const same = opened.text === answer.content && tag.outcome === answer.outcome && tag.id === answer.id;
  return { name, result: same ? "ok" : "failed", detail: tag.record.digest };
}

/** The words of each quote stand at its very place in the text of the version that the answer was made from. */
async function checkQuotes({ citations }: Answer): Promise<Check> {
  const name = "quotes";
  const quoted = citations.filter((one): one is Extract<Citation, { verified: boolean }> => "quote" in one.source);
  if (quoted.length === 0) return { name, result: "skipped", detail: "0" };
  let found = 0;
  const looked = new Map<string, boolean>();
  for (const { source } of quoted) {
    const { document_id, version_id, start, end, quote } = source;
    const place = JSON.stringify([version_id, start, end, quote]);
    // An answer may cite the same words a thousand times.
    if (looked.has(place)) {
      if (looked.get(place)) found += 1;
      continue;
    }
    const there = await api.documentText(document_id, version_id, start, end).catch((error: unknown) => {
      if (error instanceof ApiFailure && error.details.status === 404) return undefined;
      throw error;
    });
    looked.set(place, there?.text === quote);
    if (there?.text === quote) found += 1;
  }
  return { name, result: found === quoted.length ? "ok" : "failed", detail: `${found}/${quoted.length}` };
}
