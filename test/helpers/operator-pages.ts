import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
/** Programs that a sentence names without a whole command. */
const FRAGMENTS = new Set([
  "./cairn",
  "./cairn verify",
  "docker build",
  "kubectl",
  "kubectl apply",
  "kubectl apply --server-side",
  "kubectl apply -k",
  "kubectl scale",
  "skaffold.yaml",
]);
const BLOCK_OR_CODE = /^```(\w*)\n([\s\S]*?)^```$|`([^`\n]+)`/gm;
const PROGRAM = /^(?:[A-Z_]+=\S+ )*(?:kubectl|docker|npm|\.\/cairn|sops|skaffold)\b/;

/** Something to type: a block of a shell, or a command inside of a sentence. */
export type Command = { readonly section: string; readonly code: string };

/** All that a page says to type, in its order, each with the heading that it stands under. */
export function commandsOf(page: string): Command[] {
  const sections = readFileSync(join(ROOT, page), "utf8").split(/^#+ (?=\S)/m);
  return sections.flatMap((text) => {
    const section = text.slice(0, text.indexOf("\n"));
    const found: Command[] = [];
    for (const [, language, block, inline] of text.matchAll(BLOCK_OR_CODE)) {
      if (language === "sh") found.push({ section, code: block! });
      else if (inline !== undefined && PROGRAM.test(inline) && !FRAGMENTS.has(inline))
        found.push({ section, code: inline });
    }
    return found;
  });
}
