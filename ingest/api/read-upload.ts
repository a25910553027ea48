import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { checked } from "#shared/checked.ts";
import { sha256 } from "#shared/digest.ts";
import { AppError } from "#shared/errors.ts";
import { TEXT_FORMATS, UNNAMED } from "#shared/formats.ts";
import type { NewDocument } from "../accept.ts";
import * as field from "./fields.ts";

/** All files of one request are in memory until they are stored; more than this would let few requests fill it. */
const MAX_REQUEST_BYTES = 200 * 1024 * 1024;
/** What a document that is sent as text may be, with the extension that says so. */
const TEXT_TYPES: ReadonlyMap<string, string> = new Map(
  TEXT_FORMATS.map(({ mediaTypes, extensions }) => [mediaTypes[0], extensions[0]!]),
);

const settings = {
  title: field.title.optional(),
  uri: field.uri.optional(),
  collection: field.collection.optional(),
  acl: field.acl.optional(),
};

export const textBody = z.strictObject({
  text: z.string().min(1, "must not be empty").describe("The content of the document."),
  ...settings,
  media_type: z.enum([...TEXT_TYPES.keys()]).default("text/markdown"),
});
const form = z.strictObject(settings);

/** One document as it was sent, without who sent it. */
export type Upload = Pick<NewDocument, "title" | "acl" | "fileName" | "mediaType" | "bytes"> & {
  readonly uri: string;
  readonly collection: string | undefined;
  /** Whether the sender chose the uri or the file's name did. */
  readonly named: boolean;
};

/** Multipart files or JSON text, as uploads. Rejects with an error that names the field. */
export async function readUploads(request: FastifyRequest): Promise<Upload[]> {
  if (request.isMultipart()) return readMultipart(request).catch(explain);
  if (request.body === undefined || request.body === null) throw new AppError("invalid_request", HOW);
  return [readText(request.body)];
}

export const HOW = 'Send files as multipart/form-data, or JSON with a "text" field as application/json.';

function readText(body: unknown): Upload {
  if (typeof body === "object" && body !== null && "url" in body) {
    throw new AppError(
      "unsupported_field",
      "a web page is taken in by a source (POST /v1/sources, kind web); or send the text or the file",
      {
        param: "url",
      },
    );
  }
  const { text, media_type: mediaType, uri, ...rest } = checked(textBody, body);
  const bytes = new TextEncoder().encode(text);
  // Named by content, so that sending the same text twice is one document and two texts never replace each other.
  const fallback = `text:${sha256(bytes).slice(0, 16)}`;
  return {
    ...rest,
    collection: rest.collection,
    uri: uri ?? fallback,
    named: uri !== undefined,
    fileName: `${UNNAMED}${TEXT_TYPES.get(mediaType)}`,
    mediaType,
    bytes,
  };
}

async function readMultipart(request: FastifyRequest): Promise<Upload[]> {
  const files: { fileName: string; mediaType: string; bytes: Uint8Array }[] = [];
  const fields: Record<string, unknown> = {};
  let total = 0;
  for await (const part of request.parts()) {
    if (part.type === "field") {
      if (part.valueTruncated)
        throw new AppError("too_large", `${part.fieldname}: is too long.`, { param: part.fieldname });
      fields[part.fieldname] = part.fieldname === "acl" ? entriesOf(String(part.value)) : part.value;
      continue;
    }
    const fileName = nameOf(part.filename);
    const bytes = await part.toBuffer();
    total += bytes.byteLength;
    if (total > MAX_REQUEST_BYTES)
      throw new AppError("too_large", "The files are larger than 200 MB together. Send fewer at a time.");
    if (bytes.byteLength === 0)
      throw new AppError("invalid_request", `The file "${fileName}" is empty.`, { param: part.fieldname });
    files.push({ fileName, mediaType: part.mimetype, bytes });
  }
  const { uri, collection, ...rest } = checked(form, fields);
  if (files.length === 0)
    throw new AppError("invalid_request", "The request has no file. Send at least one file part.", { param: "file" });
  for (const name of ["uri", "title"] as const) {
    if (files.length > 1 && fields[name] !== undefined) {
      throw new AppError("invalid_request", `${name}: belongs to one file, and ${files.length} were sent.`, {
        param: name,
      });
    }
  }
  return files.map((file) => ({
    ...rest,
    collection,
    ...file,
    uri: uri ?? `upload:///${file.fileName}`,
    named: uri !== undefined,
  }));
}

const LIMITS: Readonly<Record<string, string>> = {
  FST_REQ_FILE_TOO_LARGE: "A file is larger than 50 MB. Split it.",
  FST_FILES_LIMIT: "More than 20 files were sent. Send fewer at a time.",
  FST_PARTS_LIMIT: "The form has too many parts. Send fewer at a time.",
  FST_FIELDS_LIMIT: "The form has too many fields.",
};

const BROKEN = /^Multipart: Boundary not found|terminated early due to|^Unexpected end of multipart data/;

function explain(error: Error & { code?: string }): never {
  const sentence = LIMITS[error.code ?? ""];
  if (sentence !== undefined) throw new AppError("too_large", sentence, { cause: error });
  // The parser's own complaints carry no code, only these words.
  if (BROKEN.test(error.message))
    throw new AppError("invalid_request", "The form is not complete multipart/form-data. Send it again.", {
      cause: error,
    });
  throw error;
}

const entriesOf = (list: string): string[] =>
  list
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);

// Browsers may send a path, and a name may carry anything: neither may reach a listing.
function nameOf(raw: string | undefined): string {
  const name = (raw ?? "").normalize("NFC").split(/[\\/]/).at(-1)!.replaceAll(/\p{C}/gu, "").trim().slice(0, 200);
  return name || "file";
}
