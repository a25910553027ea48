import { AppError } from "#shared/errors.ts";

const MAX_LENGTH = 2000;

/**
 * The one way to write an address, by the WHATWG's rules, so that `http://2130706433`, `HTTP://127.1` and
 * `http://127.0.0.1:80/#top` are one and the same. Throws `invalid_request` for what is not http(s), and for one with
 * credentials, which would be stored and shown.
 */
export function webUrl(text: string, base?: string): URL {
  const refuse = (why: string): AppError => new AppError("invalid_request", `location: ${why}`, { param: "location" });
  if (text.length > MAX_LENGTH || !URL.canParse(text, base)) throw refuse("is not a web address.");
  const url = new URL(text, base);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refuse("must begin with https:// or http://.");
  if (url.username !== "" || url.password !== "") throw refuse("must not hold a user name or a password.");
  if (url.href.length > MAX_LENGTH) throw refuse(`is longer than ${MAX_LENGTH} characters.`);
  url.hash = "";
  return url;
}

/** `webUrl` for links of pages: what is none is passed over. */
export function linkedUrl(text: string, base: string): URL | undefined {
  try {
    return webUrl(text.trim(), base);
  } catch {
    return undefined;
  }
}
