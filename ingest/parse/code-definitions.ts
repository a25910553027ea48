/** `isContainer`: what is defined in it is a section of its own, as a class's methods are. */
export type Definition = { readonly name: string; readonly isContainer: boolean };

type Rule = { readonly pattern: RegExp; readonly isContainer?: boolean };

/** Longer lines are data; the patterns never see one. */
const MAX_LINE = 300;
const NO_NAMES = new Set(
  "if for while switch catch return function else do try with using lock when foreach elif until".split(" "),
);
const MODIFIERS =
  "(?:(?:export|default|declare|public|private|protected|internal|static|final|abstract|sealed|open|override|async|suspend|data|partial|virtual|readonly|inline|unsafe|const|extern|pub(?:\\([^)]*\\))?|get|set)\\s+)*";

const typeLike: Rule = {
  pattern: new RegExp(
    `^${MODIFIERS}(?:class|interface|enum|struct|union|trait|record|object|protocol|extension|namespace|module|mod|actor|mixin)\\s+([\\w$.]+)`,
  ),
  isContainer: true,
};
const functionLike: Rule = {
  pattern: new RegExp(`^${MODIFIERS}(?:function\\s*\\*?|func|fun|fn|def|sub|macro_rules!|type)\\s+([\\w$.:]+)`),
};
const arrow: Rule = {
  pattern:
    /^(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*(?::[^=]*)?=\s*(?:async\s*)?(?:function\b|\([^)]*\)|\w+\s*=>)/,
};
const method: Rule = {
  pattern: new RegExp(
    `^${MODIFIERS}(?:[\\w<>[\\],.?*&:]+\\s+){0,3}[*&]?([#\\w$~:]+)\\s*(?:<[^>]*>)?\\([^;{}]*\\)?[^;{}=]*\\{?$`,
  ),
};
const braces = [typeLike, functionLike, arrow, method];

const RULES: Readonly<Record<string, readonly Rule[]>> = {
  js: braces,
  c: [typeLike, { pattern: /^(?:typedef\s+)?(?:struct|union|enum)\s+(\w+)/ }, method],
  py: [{ pattern: /^class\s+(\w+)/, isContainer: true }, { pattern: /^(?:async\s+)?def\s+(\w+)/ }],
  go: [{ pattern: /^func\s+(?:\([^)]*\)\s*)?(\w+)/ }, { pattern: /^type\s+(\w+)/ }],
  rs: [
    { pattern: /^(?:unsafe\s+)?impl(?:<[^>]*>)?\s+([^{]+?)\s*(?:\{|where|$)/, isContainer: true },
    typeLike,
    functionLike,
  ],
  rb: [{ pattern: /^(?:class|module)\s+([\w:]+)/, isContainer: true }, { pattern: /^def\s+([\w.?!=]+)/ }],
  sh: [{ pattern: /^(?:function\s+)?([\w-]+)\s*\(\)/ }, { pattern: /^function\s+([\w-]+)/ }],
  sql: [
    {
      pattern:
        /^create\s+(?:or\s+replace\s+)?(?:temporary\s+|unique\s+|materialized\s+)?(?:table|view|function|procedure|index|trigger|type|schema)\s+(?:if\s+not\s+exists\s+)?([\w."`[\]]+)/i,
    },
  ],
  ini: [{ pattern: /^\[+([^\]]+)\]+/ }],
  yaml: [{ pattern: /^([\w./-]+):(?:\s|$)/ }],
  r: [{ pattern: /^([\w.]+)\s*<-\s*function/ }],
  schema: [{ pattern: /^(?:message|service|enum|type|input|interface|union|scalar|rpc)\s+(\w+)/ }],
  tf: [{ pattern: /^(?:resource|data|module|variable|output|provider|locals)\b\s*((?:"[^"]*"\s*)*)/ }],
};

const LANGUAGE: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    js: "js mjs cjs jsx ts mts cts tsx java kt kts scala groovy cs swift dart php jl lua pl ps1",
    ...{ c: "c h cc cpp hpp", py: "py pyi", go: "go", rs: "rs", rb: "rb", sh: "sh bash zsh", sql: "sql" },
    ...{ ini: "ini cfg conf toml properties", yaml: "yaml yml", r: "r", schema: "proto graphql", tf: "tf" },
  }).flatMap(([rules, extensions]) => extensions.split(" ").map((extension) => [extension, rules])),
);

/** What a line of this language defines, if its indentation is cut off; an unknown language defines nothing. */
export function definitionIn(line: string, extension: string): Definition | undefined {
  if (line.length > MAX_LINE) return undefined;
  for (const { pattern, isContainer = false } of RULES[LANGUAGE[extension] ?? ""] ?? []) {
    const name = pattern
      .exec(line)?.[1]
      ?.replace(/["`\s]+/g, " ")
      .trim();
    if (name && !NO_NAMES.has(name)) return { name, isContainer };
  }
  return undefined;
}
