import type { Language } from "./language.ts";

/** Of one document, wherever it comes from. */
export const MAX_DOCUMENT_BYTES = 50 * 1024 * 1024;

/** The file name, without extension, of a text that was sent without one: nobody would know it by this. */
export const UNNAMED = "text";

export type Format =
  | "markdown"
  | "html"
  | "text"
  | "csv"
  | "json"
  | "jsonl"
  | "code"
  | "pdf"
  | "docx"
  | "pptx"
  | "xlsx"
  | "epub"
  | "email"
  | "mbox";

type Entry = {
  readonly format: Format;
  /** As users are told. */
  readonly name: Readonly<Record<Language, string>>;
  /** In lower case, with the dot. */
  readonly extensions: readonly string[];
  /** The first is the one that is kept; the others are known when a sender declares them. */
  readonly mediaTypes: readonly [string, ...string[]];
};

const OFFICE = "application/vnd.openxmlformats-officedocument";
const MACROS = "macroEnabled.12";
const named = (en: string, zh = en): Entry["name"] => ({ en, zh });
const words = (list: string): string[] => list.trim().split(/\s+/);

/**
 * What can be read. The upload routes, the folder source, the command line, the chat page and the handbook's table say
 * the same as this table.
 */
export const FORMAT_TABLE: readonly Entry[] = [
  {
    ...{ format: "markdown", name: named("Markdown"), extensions: [".md", ".mdx", ".markdown"] },
    mediaTypes: ["text/markdown", "text/x-markdown"],
  },
  {
    ...{ format: "html", name: named("HTML"), extensions: [".html", ".htm", ".xhtml"] },
    mediaTypes: ["text/html", "application/xhtml+xml"],
  },
  {
    ...{ format: "text", name: named("plain text", "纯文本"), mediaTypes: ["text/plain"] },
    extensions: [".txt", ".text", ".log", ".rst", ".adoc", ".org"],
  },
  {
    ...{ format: "csv", name: named("CSV and TSV", "CSV 和 TSV"), extensions: [".csv", ".tsv"] },
    mediaTypes: ["text/csv", "text/tab-separated-values"],
  },
  { format: "json", name: named("JSON"), extensions: [".json"], mediaTypes: ["application/json", "text/json"] },
  {
    ...{ format: "jsonl", name: named("JSON Lines"), extensions: [".jsonl", ".ndjson"] },
    mediaTypes: ["application/jsonl", "application/x-ndjson", "application/x-jsonlines"],
  },
  {
    ...{ format: "code", name: named("source code", "源代码") },
    extensions:
      words(`.js .mjs .cjs .jsx .ts .mts .cts .tsx .py .pyi .go .rs .java .kt .kts .scala .groovy .c .h .cc .cpp
      .hpp .cs .swift .dart .rb .php .pl .lua .r .jl .sh .bash .zsh .ps1 .sql .proto .graphql .tf .css .scss .less .xml .yaml
      .yml .toml .ini .cfg .conf .properties .jsonc .json5`),
    mediaTypes: [
      "text/x-source-code",
      ...words(`text/javascript application/javascript application/x-javascript text/css text/x-python text/xml
        application/xml application/yaml application/x-yaml text/yaml application/toml application/sql application/x-sh`),
    ],
  },
  { format: "pdf", name: named("PDF"), extensions: [".pdf"], mediaTypes: ["application/pdf"] },
  {
    ...{ format: "docx", name: named("Word (DOCX)", "Word（DOCX）"), extensions: [".docx", ".docm"] },
    mediaTypes: [`${OFFICE}.wordprocessingml.document`, `application/vnd.ms-word.document.${MACROS}`],
  },
  {
    ...{
      format: "pptx",
      name: named("PowerPoint (PPTX)", "PowerPoint（PPTX）"),
      extensions: [".pptx", ".pptm", ".ppsx"],
    },
    mediaTypes: [
      `${OFFICE}.presentationml.presentation`,
      `application/vnd.ms-powerpoint.presentation.${MACROS}`,
      `${OFFICE}.presentationml.slideshow`,
    ],
  },
  {
    ...{ format: "xlsx", name: named("Excel (XLSX)", "Excel（XLSX）"), extensions: [".xlsx", ".xlsm"] },
    mediaTypes: [`${OFFICE}.spreadsheetml.sheet`, `application/vnd.ms-excel.sheet.${MACROS}`],
  },
  { format: "epub", name: named("EPUB"), extensions: [".epub"], mediaTypes: ["application/epub+zip"] },
  {
    format: "email",
    name: named("e-mail (EML)", "电子邮件（EML）"),
    extensions: [".eml"],
    mediaTypes: ["message/rfc822"],
  },
  {
    format: "mbox",
    name: named("mailboxes (MBOX)", "邮箱文件（MBOX）"),
    extensions: [".mbox"],
    mediaTypes: ["application/mbox"],
  },
];

const SENT_AS_TEXT: ReadonlySet<Format> = new Set(["markdown", "html", "text", "csv", "json", "jsonl"]);
/** Those whose content can be the text of a request. */
export const TEXT_FORMATS: readonly Entry[] = FORMAT_TABLE.filter(({ format }) => SENT_AS_TEXT.has(format));

/** By file extension in lower case: what folders are searched for and uploads are recognised by. */
export const FORMATS: ReadonlyMap<string, Entry> = new Map(
  FORMAT_TABLE.flatMap((entry) => entry.extensions.map((extension) => [extension, entry] as const)),
);

/** By what a sender declares, in lower case and without parameters. */
export const FORMATS_BY_TYPE: ReadonlyMap<string, Entry> = new Map(
  FORMAT_TABLE.flatMap((entry) => entry.mediaTypes.map((type) => [type, entry] as const)),
);

const NAMES = FORMAT_TABLE.map(({ name }) => name.en);
/** For those who sent something else. */
export const SUPPORTED = `Supported are ${NAMES.slice(0, -1).join(", ")} and ${NAMES.at(-1)}.`;

/** Of a document whose content is in this format. */
export const typeOfFormat = (format: Format): string =>
  FORMAT_TABLE.find((entry) => entry.format === format)!.mediaTypes[0];

/** By extension in lower case: what a file that no sender describes is taken for. */
export const mediaTypeOf = (extension: string): string =>
  FORMATS.get(extension)?.mediaTypes[0] ?? "application/octet-stream";
