import PostalMime, { type Address, type Attachment, type Email } from "postal-mime";
import { damagedFile } from "./damaged-file.ts";

/** Real messages have a handful of levels, a few attachments and some kilobytes of headers. */
const MAX_PARTS_DEPTH = 50;
const MAX_HEADER_BYTES = 512 * 1024;
const ENCRYPTED = /^application\/(pgp-encrypted|(x-)?pkcs7-mime)$/;

export type Message = {
  readonly subject: string;
  /** `From: …` and the like, as a mail program shows them. */
  readonly header: readonly string[];
  readonly html: string | undefined;
  readonly text: string | undefined;
  readonly attachments: readonly { readonly name: string; readonly mediaType: string; readonly bytes: Uint8Array }[];
  readonly isEncrypted: boolean;
};

/** An e-mail by RFC 5322 and MIME. Throws `unreadable_document` where it is none. */
export async function readMessage(bytes: Uint8Array): Promise<Message> {
  let email: Email;
  try {
    email = await PostalMime.parse(new Uint8Array(bytes), {
      forceRfc822Attachments: true,
      maxNestingDepth: MAX_PARTS_DEPTH,
      maxHeadersSize: MAX_HEADER_BYTES,
    });
  } catch (error) {
    throw damagedFile(
      "is no e-mail that could be read: its parts are nested too deeply or its headers are too long",
      error,
    );
  }
  const { from, subject, date, to, html, text } = email;
  if (!from && !to && date === undefined && subject === undefined) throw damagedFile("is no e-mail: it has no headers");
  // What belongs to the page of a message, such as the pictures in it, is no attachment.
  const attachments = email.attachments.filter(({ related, disposition }) => !related || disposition === "attachment");
  return {
    subject: subject?.trim() ?? "",
    header: [
      ...line("From", from ? [from] : []),
      ...line("To", to),
      ...line("Cc", email.cc),
      ...(date === undefined ? [] : [`Date: ${shownDate(date)}`]),
    ],
    html: html?.trim() ? html : undefined,
    text: text?.trim() ? text : undefined,
    attachments: attachments.map((one, i) => ({ name: nameOf(one, i), mediaType: one.mimeType, bytes: bytesOf(one) })),
    isEncrypted: email.attachments.some(({ mimeType }) => ENCRYPTED.test(mimeType)),
  };
}

function line(name: string, addresses: readonly Address[] | undefined): string[] {
  const shown = (addresses ?? []).flatMap((one) => ("group" in one && one.group ? one.group : [one])).map(shownAddress);
  return shown.length === 0 ? [] : [`${name}: ${shown.join(", ")}`];
}

function shownAddress({ name, address }: Address): string {
  if (!address) return name ?? "";
  return name && name !== address ? `${name} <${address}>` : address;
}

/** The library gives ISO 8601 in UTC, or what the header says where that is no date. */
function shownDate(date: string): string {
  const iso = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(date);
  return iso ? `${iso[1]} ${iso[2]} UTC` : date;
}

function nameOf({ filename, mimeType }: Attachment, index: number): string {
  if (filename) return filename.split(/[\\/]/).at(-1)!;
  return mimeType === "message/rfc822" ? "message.eml" : `attachment-${index + 1}`;
}

function bytesOf({ content }: Attachment): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
}
