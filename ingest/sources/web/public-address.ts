import { BlockList, isIP } from "node:net";

/** What is not the public internet. https://www.iana.org/assignments/iana-ipv4-special-registry */
const SPECIAL_IPV4 = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Public by its number, but in Azure the machine's own host, which hands out its secrets.
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  SPECIAL_IPV4.addSubnet(net, prefix, "ipv4");
}

/** Of IPv6 only what is handed out at all, less what is not one machine's own address in it. */
const GLOBAL_IPV6 = new BlockList();
GLOBAL_IPV6.addSubnet("2000::", 3, "ipv6");
const SPECIAL_IPV6 = new BlockList();
for (const [net, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  // 6to4 holds any IPv4 address.
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  SPECIAL_IPV6.addSubnet(net, prefix, "ipv6");
}

/** Prefixes whose last 32 bits are an IPv4 address that the packet really goes to. */
const EMBEDDING = ["::ffff:0:0", "64:ff9b::"];
const EMBEDS = EMBEDDING.map((net) => {
  const list = new BlockList();
  list.addSubnet(net, 96, "ipv6");
  return list;
});

/** Whether an address, as DNS or a socket gives it, is a machine of the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !SPECIAL_IPV4.check(address, "ipv4");
  // A zone only makes sense on a link.
  if (family !== 6 || address.includes("%")) return false;
  if (EMBEDS.some((list) => list.check(address, "ipv6"))) return !SPECIAL_IPV4.check(lastFourBytes(address), "ipv4");
  return GLOBAL_IPV6.check(address, "ipv6") && !SPECIAL_IPV6.check(address, "ipv6");
}

/** `::ffff:7f00:1` and `::ffff:127.0.0.1` alike as `127.0.0.1`. */
function lastFourBytes(address: string): string {
  // The URL parser writes every IPv6 address in one way: groups in hexadecimal.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(":");
  const [high, low] = groups.slice(-2).map((group) => Number.parseInt(group || "0", 16));
  return [high! >> 8, high! & 255, low! >> 8, low! & 255].join(".");
}
