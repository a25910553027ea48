// Characters that are seen as nothing, or that turn the order of what is seen: a reader must see what is there.
const UNSEEN = /[\u200b\u2060\ufeff\u00ad\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu;
const PRIVATE = /[\ue000-\uf8ff]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be shown
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** Untrusted text as it may be shown. Lengths change: never measure offsets in it. */
export const shownText = (text: string): string =>
  text.replace(UNSEEN, "").replace(PRIVATE, "\ufffd").replace(CONTROL, "");
