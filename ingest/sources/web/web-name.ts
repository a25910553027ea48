import { extname } from "node:path";
import { FORMATS, FORMATS_BY_TYPE } from "#shared/formats.ts";

/** Types that say nothing: the name does. */
const VAGUE = /^(text\/plain|application\/octet-stream|binary\/octet-stream|)$/;
const MAX_NAME = 150;

/** What a page is as a file, by its address and `Content-Type`. `undefined` for what cannot be read. */
export function webName(url: URL, contentType: string): { fileName: string; mediaType: string } | undefined {
  const served = contentType.split(";")[0]!.trim().toLowerCase();
  const last = decoded(url.pathname.split("/").findLast((part) => part !== "") ?? "");
  const extension = extname(last).toLowerCase();
  const own = FORMATS.get(extension);
  if (own && (VAGUE.test(served) || own.mediaTypes.includes(served)))
    return { fileName: last, mediaType: own.mediaTypes[0] };
  const known = FORMATS_BY_TYPE.get(served)?.extensions[0];
  if (known === undefined) return undefined;
  const stem = last === "" ? url.hostname : last.slice(0, MAX_NAME);
  return { fileName: `${stem}${known}`, mediaType: served };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
      .replaceAll(/[\p{C}/\\]/gu, "")
      .slice(-MAX_NAME);
  } catch {
    return part.slice(-MAX_NAME);
  }
}
