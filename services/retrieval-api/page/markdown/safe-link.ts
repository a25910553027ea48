/** Where a link of untrusted text leads and to whom, or `undefined` when it may not be followed. */
export function safeLink(href: string): { href: string; host: string } | undefined {
  // Without a scheme it would lead somewhere on this origin, where no document has any business.
  if (!/^(https?:\/\/|mailto:)/i.test(href) || !URL.canParse(href)) return undefined;
  const url = new URL(href);
  if (url.protocol === "mailto:") return { href: url.href, host: url.pathname };
  if (url.username !== "" || url.password !== "") return undefined;
  // As punycode, so that a name in letters that look alike cannot pass for another.
  return { href: url.href, host: url.host };
}
