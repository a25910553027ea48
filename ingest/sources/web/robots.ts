import { AppError } from "#shared/errors.ts";

/** RFC 9309: at least 500 KiB must be read; what is behind is ignored. */
export const MAX_ROBOTS_BYTES = 500 * 1024;
const AGENT = "cairn";

/** What a site lets Cairn read, and how fast. */
export type Robots = {
  mayRead(url: URL): boolean;
  /** Between two requests; 0 where the site does not say. */
  readonly delayMs: number;
};
type Rule = {
  readonly allow: boolean;
  readonly length: number;
  readonly parts: readonly string[];
  readonly toEnd: boolean;
};
type Group = { readonly agents: Set<string>; readonly rules: Rule[]; delayMs: number };

/**
 * The rules of a robots.txt (RFC 9309), by the status that it came with: a site without one (4xx) allows everything.
 * Throws `upstream_failed` for one that fails to give it (5xx, 429): nothing may be read then. Our own reader, because
 * matching takes time that grows with rules and address alone, whatever wildcards somebody writes.
 */
export function robotsOf(robotsUrl: URL, status: number, text: string): Robots {
  if (status >= 500 || status === 429) {
    const until = "Until it answers, nothing of the site is read.";
    throw new AppError("upstream_failed", `${robotsUrl.href} answered with status ${status}. ${until}`);
  }
  if (status < 200 || status > 299) return { mayRead: () => true, delayMs: 0 };
  const groups = parse(text);
  const own = groups.filter(({ agents }) => agents.has(AGENT));
  const ours = own.length > 0 ? own : groups.filter(({ agents }) => agents.has("*"));
  const rules = ours.flatMap((group) => group.rules);
  return {
    mayRead: (url) => url.pathname === "/robots.txt" || isAllowed(rules, normal(url.pathname + url.search)),
    delayMs: Math.max(0, ...ours.map(({ delayMs }) => delayMs)),
  };
}

/** Groups begin with names; names that follow each other share what comes after them. */
function parse(text: string): Group[] {
  const groups: Group[] = [];
  let isNaming = false;
  for (const line of text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/)) {
    const content = line.split("#", 1)[0]!;
    const colon = content.indexOf(":");
    if (colon < 0) continue;
    const name = content.slice(0, colon).trim().toLowerCase();
    const value = content.slice(colon + 1).trim();
    if (name === "user-agent") {
      if (!isNaming) groups.push({ agents: new Set(), rules: [], delayMs: 0 });
      isNaming = true;
      groups.at(-1)!.agents.add(value === "*" ? "*" : (/^[a-z_-]+/i.exec(value)?.[0].toLowerCase() ?? ""));
      continue;
    }
    const group = groups.at(-1);
    if (name === "allow" || name === "disallow") {
      isNaming = false;
      if (group && value !== "") group.rules.push(ruleOf(name === "allow", value));
    } else if (name === "crawl-delay" && group) {
      isNaming = false;
      const seconds = Number(value);
      if (seconds > 0) group.delayMs = Math.min(seconds, 86_400) * 1000;
    }
  }
  return groups;
}

function ruleOf(allow: boolean, value: string): Rule {
  const pattern = normal(/^[/*]/.test(value) ? value : `/${value}`);
  const toEnd = pattern.endsWith("$");
  const parts = (toEnd ? pattern.slice(0, -1) : pattern).split("*");
  return { allow, length: pattern.length, parts, toEnd };
}

/** The longest rule that matches decides; of two as long as each other, the one that allows. */
function isAllowed(rules: readonly Rule[], path: string): boolean {
  let [longest, allowed] = [0, true];
  for (const rule of rules) {
    if (rule.length < longest || (rule.length === longest && allowed) || !matches(rule, path)) continue;
    [longest, allowed] = [rule.length, rule.allow];
  }
  return allowed;
}

/** Each part as early as it can be: what a later start would leave, an earlier one leaves as well. */
function matches({ parts, toEnd }: Rule, path: string): boolean {
  if (!path.startsWith(parts[0]!)) return false;
  let at = parts[0]!.length;
  if (parts.length === 1) return !toEnd || at === path.length;
  const last = parts.length - 1;
  for (const part of parts.slice(1, toEnd ? last : undefined)) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return !toEnd || (path.endsWith(parts[last]!) && path.length - parts[last]!.length >= at);
}

/** RFC 9309, 2.2.2: octets that need no escape are compared as they are, all others escaped. */
const normal = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[^!-~]+/g, encodeURIComponent)
    .replaceAll(/%[0-9a-f]{2}/gi, (octet) => {
      const sign = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
      return /[\w.~-]/.test(sign) ? sign : octet.toUpperCase();
    });
