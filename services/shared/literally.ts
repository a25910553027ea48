/** A text as a piece of a regular expression that finds just this text, with or without the flag `u`. */
export const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
