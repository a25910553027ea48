import { isAbsolute, normalize } from "node:path";
import type { Reader } from "./env.ts";

/** What sources may reach beside the public web. */
export type Reachable = {
  /** Absolute paths, with all below. */
  readonly folders: readonly string[];
  /** `s3://bucket` or `s3://bucket/prefix`. */
  readonly prefixes: readonly string[];
  /** `https://wiki.internal`, `http://10.1.2.3:8080`: web servers on private addresses or other ports. */
  readonly origins: readonly string[];
};

const S3 = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?$/;

const reachable: Reader<Reachable> = (raw) => {
  const found = { folders: [] as string[], prefixes: [] as string[], origins: [] as string[] };
  for (const entry of (raw ?? "").split(/[\s,]+/).filter(Boolean)) {
    if (S3.test(entry)) found.prefixes.push(entry);
    else if (isAbsolute(entry)) found.folders.push(normalize(entry));
    else if (isOrigin(entry)) found.origins.push(new URL(entry).origin);
    else
      throw new Error(
        `must list folders (/srv/docs), s3://BUCKET/PREFIX or origins (https://wiki.internal), not "${entry}"`,
      );
  }
  return found;
};

function isOrigin(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { pathname, search, hash, username, password } = new URL(text);
  return pathname === "/" && search + hash + username + password === "";
}

/** What an operator opens to sources: a process that takes documents in reads it. */
export const SOURCE_SETTINGS = { CAIRN_SOURCES: reachable };
