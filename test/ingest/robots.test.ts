import fc from "fast-check";
import { expect, test } from "vitest";
import { robotsOf } from "../../ingest/sources/web/robots.ts";
import { computingMs } from "../helpers/computing-ms.ts";

const ADDRESS = new URL("https://example.org/robots.txt");
const rules = (text: string) => robotsOf(ADDRESS, 200, text);
const may = (text: string, path: string): boolean => rules(text).mayRead(new URL(ADDRESS.origin + path));

type Rule = { readonly allow: boolean; readonly pattern: string };

/** RFC 9309, 2.2.2 and 2.2.3, once more and slowly: the longest pattern that matches decides, and allowing wins a tie. */
function oracle(all: readonly Rule[], path: string): boolean {
  const matching = all.filter(({ pattern }) => {
    const isWhole = pattern.endsWith("$");
    const parts = (isWhole ? pattern.slice(0, -1) : pattern)
      .split("*")
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}${isWhole ? "$" : ""}`).test(path);
  });
  const longest = Math.max(0, ...matching.map(({ pattern }) => pattern.length));
  const deciding = matching.filter(({ pattern }) => pattern.length === longest);
  return deciding.length === 0 || deciding.some(({ allow }) => allow);
}

const letters = fc
  .array(fc.constantFrom("a", "b", "/", "*"), { maxLength: 6 })
  .map((parts) => parts.join("").replaceAll(/\*+/g, "*"));
const pattern = fc.tuple(letters, fc.constantFrom("", "", "$")).map(([text, end]) => `/${text}${end}`);
const rule = fc.record({ allow: fc.boolean(), pattern });
const path = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 8 }).map((parts) => `/${parts.join("")}`);

test("rules decide as RFC 9309 says, whatever they are", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), path, (all, where) => {
      const lines = all.map(({ allow, pattern: text }) => `${allow ? "Allow" : "Disallow"}: ${text}`);
      expect(may(["User-agent: *", ...lines].join("\n"), where)).toBe(oracle(all, where));
    }),
    { numRuns: 2000 },
  );
});

test("any text is read without a failure, and the file itself may always be read", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      expect(rules(text).mayRead(ADDRESS)).toBe(true);
    }),
  );
});

test("the group of Cairn's own name counts before the one for all, in any case and with comments", () => {
  const text =
    "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-Agent: cairn # ours\nDisallow: /private\nCrawl-delay: 2\n";
  expect(may(text, "/public")).toBe(true);
  expect(may(text, "/private/a")).toBe(false);
  expect(rules(text).delayMs).toBe(2000);
  expect(may("User-agent: *\nDisallow: /", "/a")).toBe(false);
  expect(may("User-agent: Googlebot\nDisallow: /", "/a")).toBe(true);
});

test("a site without the file allows everything, and one that fails to give it nothing for now", () => {
  for (const status of [400, 401, 403, 404, 410])
    expect(robotsOf(ADDRESS, status, "Disallow: /").mayRead(new URL("/a", ADDRESS))).toBe(true);
  for (const status of [429, 500, 503])
    expect(() => robotsOf(ADDRESS, status, "")).toThrow("nothing of the site is read");
});

test("escapes are compared by what they mean", () => {
  const text = "User-agent: *\nDisallow: /a%7Eb\nDisallow: /\u00fc\nDisallow: /x%2fy\nAllow: /\u00fc/open";
  expect(may(text, "/a~b")).toBe(false);
  expect(may(text, "/%C3%BC/x")).toBe(false);
  expect(may(text, "/%c3%bc/open")).toBe(true);
  expect(may(text, "/x%2Fy")).toBe(false);
  expect(may(text, "/x/y")).toBe(true);
});

test("rules that try to make matching slow do not", () => {
  const text = `User-agent: *\n${Array(2400)
    .fill(`Disallow: /${"*a".repeat(100)}$`)
    .join("\n")}`;
  const before = computingMs();
  expect(may(text, `/${"a".repeat(2000)}b`)).toBe(true);
  // About a hundred milliseconds; a minute and more where each wildcard looks at the whole address.
  expect(computingMs() - before).toBeLessThan(10_000);
});
