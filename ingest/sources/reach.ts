import { realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { AppError } from "#shared/errors.ts";
import type { Reachable } from "#shared/source-settings.ts";
import type { SourceKind } from "./sources.ts";
import { checkAddress } from "./web/http-get.ts";
import { webUrl } from "./web/web-url.ts";

/** What the sources of a process may reach. */
export type Reach = Reachable & {
  /** Whether whoever adds a source is the operator of this machine, who could read all of it anyway. */
  readonly isOperator: boolean;
  /** Where the stored files of all tenants are, if that is S3: no source. */
  readonly blobs: string | undefined;
};

const S3 = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.+)?$/;

/** A place in the one way that it is written. Throws `invalid_request` for what is none of its kind. */
export function placeOf(kind: SourceKind, location: string): string {
  if (kind === "folder" || kind === "git") return resolve(location);
  if (kind === "web") return webUrl(location).href;
  const place = location.replace(/\/+$/, "");
  if (S3.test(place)) return place;
  throw new AppError("invalid_request", "location: must be s3://BUCKET or s3://BUCKET/PREFIX.", { param: "location" });
}

/**
 * Rejects with `forbidden` for a place that only the operator may open to sources. Asked when a source is added and
 * again at each sync: what was open once may be closed now. Names of web servers are checked where they are connected to.
 */
export async function checkReach(reach: Reach, kind: SourceKind, location: string): Promise<void> {
  if (kind === "web") return checkAddress(new URL(location), new Set(reach.origins));
  if (kind === "s3") {
    const isListed = reach.prefixes.some((prefix) => isWithin(location, prefix.replace(/\/+$/, ""), "/"));
    if (!reach.isOperator && !isListed)
      throw closed("This server may not read that bucket. Its operator can open it to sources with CAIRN_SOURCES.");
    const blobs = reach.blobs?.replace(/\/+$/, "");
    if (blobs !== undefined && (isWithin(location, blobs, "/") || isWithin(blobs, location, "/")))
      throw closed("Cairn's own files are stored there. Choose another bucket or prefix.");
    return;
  }
  if (reach.isOperator) return;
  const real = await realpath(location).catch(() => location);
  for (const folder of reach.folders) {
    if (isWithin(real, await realpath(folder).catch(() => folder), sep)) return;
  }
  throw closed(
    "This server does not read that folder of its own machine. Upload the files instead; its operator can open folders to sources with CAIRN_SOURCES.",
  );
}

const isWithin = (place: string, above: string, separator: string): boolean =>
  place === above || place.startsWith(above.endsWith(separator) ? above : above + separator);

const closed = (message: string): AppError => new AppError("forbidden", message, { param: "location" });
