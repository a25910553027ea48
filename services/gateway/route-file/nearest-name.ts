import { editDistance } from "#shared/edit-distance.ts";

/** A name may be off by a third of its letters, and by two at least: `tier` is `tiers`, `max_concurency` is `max_concurrent`. */
const LETTERS_PER_EDIT = 3;
const MIN_EDITS = 2;
/** So much of a name's beginning tells it: `api_key` was to be `api_key_env`. */
const MIN_START = 3;

/** The known name that `name` was probably meant to be; `undefined` when none is close. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const most = Math.max(MIN_EDITS, Math.floor(name.length / LETTERS_PER_EDIT));
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of known) {
    const isStart = name.length >= MIN_START && candidate.startsWith(name);
    if (!isStart && Math.abs(candidate.length - name.length) > most) continue;
    const edits = isStart ? 1 : editDistance(name.toLowerCase(), candidate.toLowerCase());
    // A name of which nothing is left was not meant.
    if (edits <= most && edits < candidate.length && edits < (best?.edits ?? Infinity)) best = { candidate, edits };
  }
  return best?.candidate;
}
