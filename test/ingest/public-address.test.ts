import fc from "fast-check";
import { expect, test } from "vitest";
import { isPublicAddress } from "../../ingest/sources/web/public-address.ts";
import { webUrl } from "../../ingest/sources/web/web-url.ts";

const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
type Bytes = readonly [number, number, number, number];

/** The registry again, written as arithmetic. */
function isSpecial([a, b, c]: Bytes): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  if (a === 100) return b >= 64 && b < 128;
  if (a === 169) return b === 254;
  if (a === 172) return b >= 16 && b < 32;
  if (a === 192) return b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99);
  if (a === 198) return b === 18 || b === 19 || (b === 51 && c === 100);
  return a === 203 && b === 0 && c === 113;
}
const nearSpecial = fc.oneof(
  ipv4,
  fc.tuple(
    fc.constantFrom(0, 9, 10, 100, 127, 169, 172, 192, 198, 203, 223, 224, 255),
    fc.constantFrom(0, 15, 16, 31, 32, 51, 63, 64, 88, 127, 128, 168, 254),
    fc.nat(255),
    fc.nat(255),
  ),
);
const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

test("an IPv4 address is public unless the registry of special ones has it", () => {
  fc.assert(
    fc.property(nearSpecial, (bytes) => {
      expect(isPublicAddress(bytes.join("."))).toBe(!isSpecial(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("an IPv4 address inside an IPv6 one is what it is alone, however it is written", () => {
  fc.assert(
    fc.property(nearSpecial, (bytes) => {
      const [a, b, c, d] = bytes;
      const groups = `${hex(a)}${hex(b)}:${hex(c)}${hex(d)}`;
      const written = [
        `::ffff:${bytes.join(".")}`,
        `::ffff:${groups}`,
        `0:0:0:0:0:FFFF:${groups}`,
        `64:ff9b::${groups}`,
      ];
      for (const address of written) expect(isPublicAddress(address), address).toBe(!isSpecial(bytes));
    }),
  );
});

test("whoever hides an inner address in odd forms is found out", () => {
  fc.assert(
    fc.property(nearSpecial, fc.nat(5), (bytes, form) => {
      const [a, b, c, d] = bytes;
      const whole = ((a * 256 + b) * 256 + c) * 256 + d;
      const forms = [
        String(whole),
        `0x${whole.toString(16)}`,
        bytes.map((byte) => `0${byte.toString(8)}`).join("."),
        bytes.map((byte) => `0x${byte.toString(16)}`).join("."),
        `${a}.${(b * 256 + c) * 256 + d}`,
        `${bytes.join(".")}.`,
      ];
      const { hostname } = webUrl(`http://${forms[form]}/`);
      expect(isPublicAddress(hostname), forms[form]).toBe(!isSpecial(bytes));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  "::",
  "::1",
  "::7f00:1",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "fc00::1",
  "fd12:3456::1",
  "fd00:ec2::254",
  "ff02::1",
  "2001:db8::1",
  "2001::1",
  "2001:10::1",
  "2002:7f00:1::",
  "2002:808:808::",
  "3fff::1",
  "100::1",
  "64:ff9b:1::1",
  "5f00::1",
  "4000::1",
  "",
  "localhost",
  "8.8.8",
  "8.8.8.8.8",
])("%s is not public", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(["2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "8.8.8.8", "::ffff:8.8.8.8"])(
  "%s is public",
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each([
  "ftp://example.org/",
  "file:///etc/passwd",
  "gopher://x",
  "javascript:alert(1)",
  "data:text/html,x",
  "//example.org",
  "http://",
  "http://a b/",
  "https://ann@example.org/",
  "https://:secret@example.org/",
  "http://a\\@b/",
])("%s is no address of a web source", (text) => {
  const refused = (() => {
    try {
      return webUrl(text).hostname;
    } catch (error) {
      return (error as { code?: string }).code;
    }
  })();
  // The one parser reads a backslash as a slash: the host is "a", and there is nothing of "b" to be connected to.
  expect(refused).toBe(text.includes("\\") ? "a" : "invalid_request");
});

test("an address is written in one way, so that a page is one document", () => {
  const one = webUrl("HTTPS://Example.ORG:443/a/../b?x=1#part").href;
  expect(one).toBe("https://example.org/b?x=1");
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "B", "/", ".", "..", "%7e", "?", "#", "&", "ü", " ", "\\", ":80")),
      (parts) => {
        const once = webUrl(`http://Example.org/${parts.join("")}`).href;
        expect(webUrl(once).href).toBe(once);
      },
    ),
  );
});

test("the addresses at which clouds tell a machine its secrets are not public", () => {
  for (const address of ["169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"])
    expect(isPublicAddress(address), address).toBe(false);
});
