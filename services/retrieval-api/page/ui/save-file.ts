/** Hands the reader a file that was made here. */
export function saveFile(name: string, type: string, content: string | Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A title as the name of a file, on every system. */
export const fileNameOf = (title: string, extension: string): string => {
  const name = title
    .normalize("NFC")
    .replaceAll(/[\p{C}\\/:*?"<>|]/gu, " ")
    .trim()
    .replace(/^\.+/, "");
  return `${Array.from(name).slice(0, 60).join("") || "cairn"}.${extension}`;
};
