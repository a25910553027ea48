import { setTimeout as pause } from "node:timers/promises";
import type { Sql } from "#shared/database.ts";
import type { Found, List } from "../listing.ts";
import type { Source } from "../sources.ts";
import { crawl } from "./crawl.ts";
import { openHttpGet, type Resolve } from "./http-get.ts";
import { knownPages } from "./page-state.ts";
import { seedsOf } from "./seeds.ts";
import { openVisitor, type VisitorDeps } from "./visit.ts";
import { webSettings } from "./web-settings.ts";

export type WebDeps = {
  readonly db: Sql;
  /** Origins that the operator opened, beside the public web. */
  readonly origins: readonly string[];
  readonly resolve?: Resolve;
  readonly now?: () => number;
  readonly sleep?: VisitorDeps["sleep"];
};

/** The pages of a web source: one, those of a sitemap, or those that links lead to on the same site. */
export const listWeb = (deps: WebDeps, source: Pick<Source, "id" | "location" | "settings">): List =>
  async function* (signal): AsyncGenerator<Found> {
    const { origins, now = Date.now, sleep = (ms, stop) => pause(ms, undefined, { signal: stop }) } = deps;
    const start = new URL(source.location);
    const settings = webSettings.parse(JSON.parse(source.settings));
    // A page must not lead a source to what was opened for another one.
    const open = new Set(origins.filter((origin) => origin === start.origin));
    const http = openHttpGet(open, deps.resolve);
    const stayAt = settings.mode === "page" ? undefined : start.origin;
    const endAt = now() + settings.max_minutes * 60_000;
    const visitor = openVisitor({ http, now, sleep, stayAt, endAt });
    try {
      const known = await knownPages(deps.db, source.id);
      const seeds = settings.mode === "sitemap" ? seedsOf(visitor, start, settings.max_pages, signal) : one(start);
      yield* crawl({ visitor, known, settings, start, now, endAt }, seeds, signal);
    } finally {
      http.close();
    }
  };

async function* one(url: URL): AsyncGenerator<URL> {
  yield url;
}
