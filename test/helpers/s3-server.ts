import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

const PAGE = 10;
const CREDENTIALS = { region: "test-1", accessKeyId: "tester", secretAccessKey: "secret of the tester" };
const sha256 = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** The part of S3 that the product uses, in memory: signatures (AWS Signature Version 4) and checksums are checked. */
export async function startS3() {
  const objects = new Map<string, Stored>();
  const reads: string[] = [];
  let failures = 0;
  let broken: string | undefined;

  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    const url = new URL(request.url!, "http://s3");
    const refuse = (status: number, code: string): void =>
      void response.writeHead(status).end(`<Error><Code>${code}</Code><Message>No.</Message></Error>`);
    if (failures-- > 0) return refuse(503, "SlowDown");
    if (!isSigned(request, url)) return refuse(403, "SignatureDoesNotMatch");
    const name = decodeURIComponent(url.pathname.slice(1));
    if (request.method === "GET" && name.replace(/\/$/, "") === broken) {
      response.writeHead(200, { "content-length": 100_000 }).write("<");
      return void setTimeout(() => response.destroy(), 10);
    }
    if (request.method === "PUT") {
      if (sha256(body) !== request.headers["x-amz-content-sha256"]) return refuse(400, "XAmzContentSHA256Mismatch");
      const checksum = createHash("sha256").update(body).digest("base64");
      if (checksum !== request.headers["x-amz-checksum-sha256"]) return refuse(400, "BadDigest");
      objects.set(name, { bytes: new Uint8Array(body), digest: String(request.headers["x-amz-meta-sha256"]) });
      return void response.end();
    }
    if (request.method === "DELETE") {
      objects.delete(name);
      return void response.writeHead(204).end();
    }
    if (url.searchParams.has("list-type")) return void response.end(listing(objects, name.replace(/\/$/, ""), url));
    const found = objects.get(name);
    if (!found) return refuse(404, "NoSuchKey");
    const condition = request.headers["if-match"];
    if (condition !== undefined && condition !== etagOf(found)) return refuse(412, "PreconditionFailed");
    reads.push(name);
    response.writeHead(200, { etag: etagOf(found), ...(found.digest && { "x-amz-meta-sha256": found.digest }) });
    response.end(found.bytes);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    objects,
    /** Names of objects that were read, in their order. */
    reads,
    /** What somebody else stored: `bucket/key`. */
    put: (name: string, bytes: Uint8Array): void =>
      void objects.set(name, { bytes: new Uint8Array(bytes), digest: "" }),
    settings: { endpoint, ...CREDENTIALS },
    /** So many of the next requests are refused. */
    fail: (count: number): void => {
      failures = count;
    },
    /** `bucket` or `bucket/key`: from now on its answers end before they are whole. */
    breakOff: (name: string | undefined): void => {
      broken = name;
    },
    stop: () =>
      new Promise<void>((resolve) => server.close(() => resolve())).finally(() => server.closeAllConnections()),
  };
}

type Stored = { readonly bytes: Uint8Array; readonly digest: string };
const etagOf = ({ bytes }: Stored): string => `"${createHash("md5").update(bytes).digest("hex")}"`;
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function listing(objects: ReadonlyMap<string, Stored>, bucket: string, url: URL): string {
  const prefix = `${bucket}/${url.searchParams.get("prefix") ?? ""}`;
  const after = url.searchParams.get("continuation-token") ?? "";
  const names = [...objects.keys()].filter((name) => name.startsWith(prefix) && name > after).sort();
  const page = names.slice(0, PAGE);
  const keys = page
    .map((name) => {
      const key = escaped(name.slice(bucket.length + 1));
      const object = objects.get(name)!;
      return `<Contents><Key>${key}</Key><ETag>${escaped(etagOf(object))}</ETag><Size>${object.bytes.byteLength}</Size></Contents>`;
    })
    .join("");
  const more = names.length > PAGE;
  const token = more ? `<NextContinuationToken>${escaped(page.at(-1)!)}</NextContinuationToken>` : "";
  return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${keys}</ListBucketResult>`;
}

/** As in AWS's description of Signature Version 4, written from that and not from the client's library. */
function isSigned(request: IncomingMessage, url: URL): boolean {
  const [, day, region, signed, signature] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(
      request.headers.authorization ?? "",
    ) ?? [];
  if (!day || !region || !signed || !signature) return false;
  const headers = signed.split(";").map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
  const payload = String(request.headers["x-amz-content-sha256"]);
  const canonical = [request.method, url.pathname, query, headers.join(""), signed, payload].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer | string>(
    (secret, part) => hmac(secret, part),
    `AWS4${CREDENTIALS.secretAccessKey}`,
  );
  return hmac(key as Buffer, text).toString("hex") === signature;
}

const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
