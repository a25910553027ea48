import { z } from "zod";

/** How much of a site a web source reads. */
export const webSettings = z.strictObject({
  mode: z.enum(["page", "sitemap", "crawl"]).default("page").describe("One page, a sitemap's, or what it links to."),
  max_pages: z.number().int().min(1).max(20_000).default(500),
  max_depth: z.number().int().min(0).max(20).default(5).describe("Links from the first page; of a crawl only."),
  max_megabytes: z.number().int().min(1).max(4000).default(200),
  max_minutes: z.number().int().min(1).max(240).default(30),
});

export type WebSettings = z.infer<typeof webSettings>;
