import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { sha256 } from "#shared/digest.ts";
import { browserText, collectModules } from "./page-modules.ts";
import { shellHtml } from "./shell-html.ts";

const STYLES = join(import.meta.dirname, "../page/styles");
const ICON = join(import.meta.dirname, "../page/icon.svg");
const DIGEST_LENGTH = 16;

export type Encoding = "br" | "gzip" | "identity";
export type PageFile = { readonly type: string; encoded(encoding: Encoding): Promise<Buffer> };

/** The page as browsers get it. The digest is of every file, so an address never changes its content. */
export type PageFiles = {
  readonly digest: string;
  readonly html: PageFile;
  /** By their paths below `/page/<digest>/`. */
  readonly files: ReadonlyMap<string, PageFile>;
};

/** Reads the page's sources. Rejects when one of them imports what browsers cannot get. */
export async function loadPageFiles(): Promise<PageFiles> {
  const modules = await collectModules(["main.ts", "first-paint.ts"]);
  const styles = (await readdir(STYLES)).filter((name) => name.endsWith(".css")).sort();
  const css = (await Promise.all(styles.map((name) => readFile(join(STYLES, name), "utf8")))).join("\n");
  const icon = await readFile(ICON, "utf8");
  const parts = [...modules.map(({ path, source }) => [path, source]), ["style.css", css], ["icon.svg", icon]];
  const digest = sha256(JSON.stringify(parts)).slice(0, DIGEST_LENGTH);

  const files = new Map<string, PageFile>([
    ["style.css", pageFile("text/css", () => css)],
    ["icon.svg", pageFile("image/svg+xml", () => icon)],
    ...modules.map((module) => [module.path, pageFile("text/javascript", () => browserText(module))] as const),
  ]);
  const preload = modules.map(({ path }) => path).filter((path) => !path.endsWith("/first-paint.ts"));
  const html = pageFile("text/html", () => shellHtml(`page/${digest}/`, preload));
  return { digest, html, files };
}

const asBrotli = promisify(brotliCompress);
const asGzip = promisify(gzip);

function pageFile(type: string, render: () => string): PageFile {
  const kept = new Map<Encoding, Promise<Buffer>>();
  let text: Buffer | undefined;
  const encode = (encoding: Encoding): Promise<Buffer> => {
    text ??= Buffer.from(render());
    if (encoding === "br") return asBrotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
    if (encoding === "gzip") return asGzip(text, { level: 9 });
    return Promise.resolve(text);
  };
  return {
    type: `${type}; charset=utf-8`,
    encoded(encoding) {
      const known = kept.get(encoding) ?? encode(encoding);
      kept.set(encoding, known);
      return known;
    },
  };
}
