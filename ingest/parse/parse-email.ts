import { AppError } from "#shared/errors.ts";
import { typeOfFormat } from "#shared/formats.ts";
import { languageOf } from "#shared/language.ts";
import { below, graft } from "./below.ts";
import { damagedFile } from "./damaged-file.ts";
import { writeHtml } from "./html-blocks.ts";
import { splitMbox } from "./mbox.ts";
import { normaliseSource } from "./normalise.ts";
import { type Outline, openOutline } from "./outline.ts";
import { writeText } from "./parse-text.ts";
import type { Parsed, ParseInput } from "./parsed.ts";
import { type Message, readMessage } from "./read-message.ts";
import { titleOf } from "./title.ts";

const MAX_ATTACHMENTS = 100;
const MAX_MESSAGES = 20_000;
const WORDS = {
  en: { noSubject: "(no subject)", unread: "Attachments that were not read" },
  zh: { noSubject: "（无主题）", unread: "未读取的附件" },
} as const;

/** Reads an attachment, one level deeper. Rejects with an `AppError` for what cannot be read. */
export type ReadInner = (input: ParseInput) => Promise<Parsed>;

/** A message: its subject as heading, who wrote it to whom and when, what it says, and its attachments as sections. */
export async function parseEmail(bytes: Uint8Array, name: string, readInner: ReadInner): Promise<Parsed> {
  const message = await readMessage(bytes);
  if (message.isEncrypted && !message.html && !message.text) {
    throw new AppError("unreadable_document", "This e-mail is encrypted. Save it unencrypted and upload it again.");
  }
  const outline = openOutline();
  await writeMessage(outline, message, readInner);
  return {
    title: titleOf(name, message.subject),
    mediaType: typeOfFormat("email"),
    parser: "email/1",
    ...outline.finish(),
  };
}

/** The messages of a mailbox in its order, each with its number. One that is damaged is left out, if others are not. */
export async function parseMbox(bytes: Uint8Array, name: string, readInner: ReadInner): Promise<Parsed> {
  const sources = splitMbox(bytes);
  if (sources.length > MAX_MESSAGES) {
    throw new AppError("too_large", `This mailbox has more than ${MAX_MESSAGES} messages. Split it.`);
  }
  const outline = openOutline();
  let failure: unknown;
  for (const [i, source] of sources.entries()) {
    try {
      const message = await readMessage(source);
      await writeMessage(below(outline, 0, { unit: "message", number: i + 1 }), message, readInner);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "unreadable_document") throw error;
      failure = error;
    }
  }
  if (outline.isEmpty()) throw failure ?? damagedFile("holds no message");
  return { title: titleOf(name), mediaType: typeOfFormat("mbox"), parser: "mbox/1", ...outline.finish() };
}

async function writeMessage(outline: Outline, message: Message, readInner: ReadInner): Promise<void> {
  const { subject, header, html, text, attachments } = message;
  const words = WORDS[languageOf(`${subject} ${text ?? html ?? ""}`)];
  outline.heading(1, subject || words.noSubject);
  outline.add("paragraph", header.join("\n"));
  const inner = below(outline, 1);
  // Mail programs show the page where there is one; what only the plain part says, nobody has seen.
  if (html !== undefined) writeHtml(normaliseSource(html), inner);
  else if (text !== undefined) writeText(inner, text);
  const unread: string[] = [];
  for (const [i, attachment] of attachments.entries()) {
    const parsed = i < MAX_ATTACHMENTS ? await readAttachment(attachment, readInner) : undefined;
    if (!parsed) unread.push(attachment.name);
    else {
      inner.heading(1, attachment.name);
      graft(parsed, below(inner, 1));
    }
  }
  if (unread.length === 0) return;
  inner.heading(1, words.unread);
  outline.add("paragraph", unread.join(", "));
}

async function readAttachment(
  { name, mediaType, bytes }: Message["attachments"][number],
  readInner: ReadInner,
): Promise<Parsed | undefined> {
  try {
    return await readInner({ bytes, name, mediaType });
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
