/** For `lower(column) like $n escape '\\'`: the text anywhere in it, whatever signs it has. Empty for no text. */
export const likePattern = (text = ""): string =>
  text === "" ? "" : `%${text.toLowerCase().replaceAll(/[\\%_]/g, "\\$&")}%`;
