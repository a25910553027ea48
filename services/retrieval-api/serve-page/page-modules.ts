import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { dirname, extname, join, posix, relative } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const SERVICES = join(ROOT, "services");
const PAGE = join(SERVICES, "retrieval-api/page");

/** The libraries that browsers get, as files of the pinned packages. */
const VENDOR: Readonly<Record<string, string>> = {
  preact: "preact/dist/preact.mjs",
  "preact/hooks": "preact/hooks/dist/hooks.mjs",
  htm: "htm/dist/htm.mjs",
  "htm/preact": "htm/preact/index.mjs",
  "@preact/signals": "@preact/signals/dist/signals.mjs",
  "@preact/signals-core": "@preact/signals-core/dist/signals-core.mjs",
};

const OWN_IMPORT = /^(?:import|export)\s(?!type\b)(?:[^"';]*?\sfrom\s)?"([^"]+)"/gm;
/** Comments on lines of their own: a browser has no use for them, and people wait for each byte. */
const COMMENT_LINES = /^[ \t]*(?:\/\*\*[\s\S]*?\*\/|\/\/.*)[ \t]*$/gm;
const VENDOR_IMPORT = /\b(?:import|export)\s*(?:[\w*{][^"';]*?from\s*)?"([^"]+)"/g;

/** A file of the page: its path below the page's address, and its source. */
export type PageModule = {
  readonly path: string;
  readonly source: string;
  readonly imports: ReadonlyMap<string, string>;
};

/** Everything that `page/main.ts` imports, directly or not: nothing else of this machine is ever served. */
export async function collectModules(entries: readonly string[]): Promise<PageModule[]> {
  const found = new Map<string, PageModule>();
  const visit = async (file: string): Promise<void> => {
    const path = addressOf(file);
    if (found.has(path)) return;
    const source = await readFile(file, "utf8");
    const imports = new Map<string, string>();
    found.set(path, { path, source, imports });
    for (const [, specifier] of source.matchAll(file.endsWith(".ts") ? OWN_IMPORT : VENDOR_IMPORT)) {
      const target = resolveFrom(file, specifier!);
      if (target === undefined) continue;
      imports.set(specifier!, addressOf(target));
      await visit(target);
    }
  };
  for (const entry of entries) await visit(join(PAGE, entry));
  return [...found.values()];
}

function resolveFrom(file: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return join(dirname(file), specifier);
  if (specifier.startsWith("#shared/")) return join(SERVICES, "shared", specifier.slice("#shared/".length));
  const vendor = VENDOR[specifier];
  if (vendor !== undefined) return join(ROOT, "node_modules", vendor);
  // A word in a library's own text may look like an import of it.
  if (!file.endsWith(".ts")) return undefined;
  throw new Error(`${relative(ROOT, file)} imports "${specifier}", which is not among the page's libraries.`);
}

/** `app/chat/composer.ts`, `shared/codepoints.ts`, `vendor/preact.mjs`. */
function addressOf(file: string): string {
  const own = relative(PAGE, file);
  if (!own.startsWith("..")) return posix.join("app", own);
  const shared = relative(join(SERVICES, "shared"), file);
  if (!shared.startsWith("..")) return posix.join("shared", shared);
  const [name] = Object.entries(VENDOR).find(([, path]) => join(ROOT, "node_modules", path) === file)!;
  return `vendor/${name.replaceAll(/[@/]/g, "_")}${extname(file)}`;
}

/** What a browser runs: types and comments are blanked out, so that lines stay, and imports become addresses. */
export function browserText({ path, source, imports }: PageModule): string {
  const own = path.endsWith(".ts");
  const code = own
    ? stripTypeScriptTypes(source).replaceAll(COMMENT_LINES, linesOnly)
    : source.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
  return code.replaceAll(own ? OWN_IMPORT : VENDOR_IMPORT, (statement: string, specifier: string) => {
    const target = imports.get(specifier);
    if (target === undefined || specifier.startsWith(".")) return statement;
    const address = posix.relative(posix.dirname(path), target);
    return `${statement.slice(0, -specifier.length - 1)}${address.startsWith(".") ? address : `./${address}`}"`;
  });
}

const linesOnly = (text: string): string => text.replaceAll(/[^\n]+/g, "");
