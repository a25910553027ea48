import { lookup } from "node:dns";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Where nothing that an operator means to tell is ever found: this host as no address, link-local ones (which clouds
 * give their metadata), groups and broadcast. https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const REFUSED = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["169.254.0.0", 16],
  ["192.0.0.0", 24],
  ["224.0.0.0", 3],
] as const) {
  REFUSED.addSubnet(net, prefix, "ipv4");
}
for (const [net, prefix] of [
  ["::", 128],
  ["fe80::", 10],
  ["ff00::", 8],
  ["fd00:ec2::", 32],
] as const) {
  REFUSED.addSubnet(net, prefix, "ipv6");
}
/** Alibaba's metadata, in a range that is otherwise used inside networks. */
REFUSED.addAddress("100.100.100.200");

/** Whether a request may go to this address. An IPv4 address in IPv6 is what it is in IPv4. */
export function isAllowedAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const family = isIP(plain);
  return family !== 0 && !REFUSED.check(plain, family === 6 ? "ipv6" : "ipv4");
}

/** Resolves a name and refuses it when any of its addresses is; the connection goes to what was checked. */
const checkedLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, "", 0);
    const bad = addresses.find(({ address }) => !isAllowedAddress(address));
    if (bad || addresses.length === 0)
      return done(new Error(`${hostname} leads to an address that is refused.`), "", 0);
    if (options.all) return done(null, addresses);
    done(null, addresses[0]!.address, addresses[0]!.family);
  });
};

/**
 * Posts JSON to an address from the configuration. No redirect is followed, because its target was not configured.
 * Rejects unless the answer is 2xx, without a word of the answer.
 */
export async function safePost(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<void> {
  const target = new URL(url);
  const host = target.hostname.replace(/^\[|\]$/g, "");
  // A literal address is never looked up.
  if (isIP(host) !== 0 && !isAllowedAddress(host)) throw new Error(`${host} is an address that is refused.`);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const send = target.protocol === "https:" ? httpsRequest : httpRequest;
  const request = send(
    target,
    {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) },
      lookup: checkedLookup,
      signal,
    },
    (response) => {
      response.on("error", reject);
      // Read to its end only as far as it is short: the connection is not used again.
      response.resume();
      resolve(response.statusCode ?? 0);
      response.destroy();
    },
  );
  request.on("error", reject);
  request.end(body);
  const status = await promise;
  if (status < 200 || status > 299) throw new Error(`The receiver answered with status ${status}.`);
}
