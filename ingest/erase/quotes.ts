/** Normalised characters in a row that two texts must share for one to quote the other. */
const WINDOW = 32;
/** Chinese says as much in fewer. */
const HAN_WINDOW = 12;
const HAN_RUN = /^[\p{Script=Han}\p{P}]+$/u;

/** Whether a text repeats something of the texts that this was made from. */
export type Quotes = (text: string) => boolean;

/**
 * Finds verbatim repetitions however they are wrapped: windows of the texts are kept in a set, and those of a candidate
 * are looked up (as in Manber, 1994, without sampling). Short texts count whole.
 */
export function quotesOf(texts: readonly string[]): Quotes {
  const [windows, hanWindows, whole] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const text of texts.map(normalised)) {
    if (text === "") continue;
    if (text.length < WINDOW) whole.add(text);
    for (const window of windowsOf(text, WINDOW)) windows.add(window);
    for (const window of windowsOf(text, HAN_WINDOW)) if (HAN_RUN.test(window)) hanWindows.add(window);
  }
  return (candidate) => {
    const text = normalised(candidate);
    if (whole.has(text)) return true;
    for (const window of windowsOf(text, WINDOW)) if (windows.has(window)) return true;
    if (hanWindows.size === 0) return false;
    for (const window of windowsOf(text, HAN_WINDOW)) if (hanWindows.has(window)) return true;
    return false;
  };
}

const normalised = (text: string): string => text.normalize("NFKC").toLowerCase().replaceAll(/\s+/g, " ").trim();

function* windowsOf(text: string, size: number): Generator<string, void> {
  for (let at = 0; at + size <= text.length; at++) yield text.slice(at, at + size);
}
