import { AppError } from "#shared/errors.ts";
import { MAX_DOCUMENT_BYTES } from "#shared/formats.ts";
import type { Answer, HttpGet } from "./http-get.ts";
import { MAX_ROBOTS_BYTES, type Robots, robotsOf } from "./robots.ts";
import { linkedUrl } from "./web-url.ts";

const MAX_REDIRECTS = 5;
/** Between two requests to a site that does not ask for more. */
const DELAY_MS = 200;

export type Visit =
  | { readonly type: "page"; readonly url: URL; readonly via: readonly string[]; readonly answer: Answer }
  | { readonly type: "not-modified"; readonly url: URL }
  /** 404 or 410: the site says that there is no such page. */
  | { readonly type: "gone" }
  /** The site does not want it to be read, or it leads elsewhere: it stays so until somebody changes it. */
  | { readonly type: "refused"; readonly reason: string }
  /** It may be there again at any time. */
  | { readonly type: "failed"; readonly reason: string; readonly isBusy: boolean };

/** What is sent so that a page which has not changed need not come again. */
export type Conditions = (url: URL) => Readonly<Record<string, string>>;

export type VisitorDeps = {
  readonly http: HttpGet;
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Redirects to other sites are followed only where one page is wanted, wherever it is. */
  readonly stayAt: string | undefined;
  /** No request and no pause is begun that would end after this time. */
  readonly endAt: number;
};

/** A polite reader: obeys each site's robots.txt, one request at a time, with its pauses. */
export function openVisitor({ http, now, sleep, stayAt, endAt }: VisitorDeps) {
  const robots = new Map<string, Promise<Robots>>();
  const nextAt = new Map<string, number>();

  async function send(
    url: URL,
    headers: Readonly<Record<string, string>>,
    maxBytes: number,
    delayMs: number,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const at = now();
    const wait = (nextAt.get(url.origin) ?? 0) - at;
    // An address may lead over many requests: redirects, robots.txt, the sitemaps of an index.
    if (at >= endAt) throw new AppError("rate_limited", "Its limit max_minutes is reached.");
    if (at + wait > endAt)
      throw new AppError("rate_limited", "The pauses that its robots.txt asks for do not fit into max_minutes.");
    if (wait > 0) await sleep(wait, signal);
    try {
      return await http.get(url, headers, maxBytes, signal);
    } finally {
      nextAt.set(url.origin, now() + Math.max(DELAY_MS, delayMs));
    }
  }

  async function readRobots(origin: string, signal?: AbortSignal): Promise<Robots> {
    const address = new URL("/robots.txt", origin);
    let url = address;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const answer = await send(url, {}, 10 * MAX_ROBOTS_BYTES, 0, signal);
      const next = redirectOf(answer, url);
      if (!next) return robotsOf(address, answer.status, textOf(answer.bytes.subarray(0, MAX_ROBOTS_BYTES)));
      url = next;
    }
    // RFC 9309, 2.3.1.2: after five redirects it may be taken as not there.
    return robotsOf(address, 404, "");
  }
  const robotsFor = (origin: string, signal?: AbortSignal): Promise<Robots> => {
    const known = robots.get(origin) ?? readRobots(origin, signal);
    robots.set(origin, known);
    return known;
  };

  /** Reads one address, over redirects, each of which is checked like the address itself. */
  async function visit(start: URL, conditions: Conditions, signal?: AbortSignal): Promise<Visit> {
    let url = start;
    const via: string[] = [];
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      via.push(url.href);
      const rules = await robotsFor(url.origin, signal);
      if (!rules.mayRead(url))
        return { type: "refused", reason: `${url.origin}/robots.txt does not let Cairn read it.` };
      const answer = await send(url, conditions(url), MAX_DOCUMENT_BYTES, rules.delayMs, signal);
      const next = redirectOf(answer, url);
      if (!next) return ended(answer, url, via);
      if (stayAt !== undefined && next.origin !== stayAt)
        return { type: "refused", reason: `It leads to another site: ${next.origin}.` };
      url = next;
    }
    return { type: "refused", reason: `It leads over more than ${MAX_REDIRECTS} redirects.` };
  }
  return {
    robotsFor,
    async visit(url: URL, conditions: Conditions, signal?: AbortSignal): Promise<Visit> {
      try {
        return await visit(url, conditions, signal);
      } catch (error) {
        if (!(error instanceof AppError) || signal?.aborted) throw error;
        const isBusy = error.code === "rate_limited";
        if (isBusy || error.code === "upstream_failed") return { type: "failed", reason: error.message, isBusy };
        return { type: "refused", reason: error.message };
      }
    },
  };
}

export type Visitor = ReturnType<typeof openVisitor>;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function redirectOf({ status, headers }: Answer, url: URL): URL | undefined {
  if (!REDIRECTS.has(status) || headers.location === undefined) return undefined;
  const next = linkedUrl(headers.location, url.href);
  if (!next) throw new AppError("forbidden", "It leads to something that is not a web address.");
  return next;
}

function ended(answer: Answer, url: URL, via: readonly string[]): Visit {
  const { status } = answer;
  if (status === 200) return { type: "page", url, via, answer };
  if (status === 304) return { type: "not-modified", url };
  if (status === 404 || status === 410) return { type: "gone" };
  const isBusy = status === 429 || status === 503;
  if (isBusy || status >= 500) return { type: "failed", reason: `The site answered with status ${status}.`, isBusy };
  return { type: "refused", reason: `The site answered with status ${status}.` };
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
