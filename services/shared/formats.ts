/** Of one document, wherever it comes from. */
export const MAX_DOCUMENT_BYTES = 50 * 1024 * 1024;

export type Format = "markdown" | "html" | "text" | "csv" | "pdf" | "docx";

type Entry = { readonly format: Format; readonly mediaType: string };
const entry = (format: Format, mediaType: string): Entry => ({ format, mediaType });

const MARKDOWN = entry("markdown", "text/markdown");
const HTML = entry("html", "text/html");
const TEXT = entry("text", "text/plain");

/** What can be read, by file extension in lower case: what folders are searched for and uploads are recognised by. */
export const FORMATS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ...[".md", ".mdx", ".markdown"].map((extension): [string, Entry] => [extension, MARKDOWN]),
  ...[".html", ".htm"].map((extension): [string, Entry] => [extension, HTML]),
  [".xhtml", entry("html", "application/xhtml+xml")],
  ...[".txt", ".text", ".log", ".rst", ".adoc", ".org"].map((extension): [string, Entry] => [extension, TEXT]),
  [".csv", entry("csv", "text/csv")],
  [".tsv", entry("csv", "text/tab-separated-values")],
  [".pdf", entry("pdf", "application/pdf")],
  [".docx", entry("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")],
]);

/** By extension in lower case. */
export const mediaTypeOf = (extension: string): string =>
  FORMATS.get(extension)?.mediaType ?? "application/octet-stream";
