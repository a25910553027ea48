import type { DefaultTreeAdapterTypes as Tree } from "parse5";

/** Elements without text for a reader. */
const SILENT = new Set(
  "script style template noscript head title iframe object embed svg canvas audio video map datalist noframes noembed".split(
    " ",
  ),
);
const INVISIBLE_STYLE =
  /(^|;)(display:none|visibility:(hidden|collapse)|opacity:0(\.0*)?%?(;|!|$)|font-size:0[a-z%]*(;|!|$))/;

/**
 * Whether a browser would not show the element. Text that a person cannot see must never be retrieved: it is the usual
 * carrier of instructions to a model. Style sheets are not evaluated, only the element's own attributes.
 */
export function isHidden(element: Tree.Element): boolean {
  if (SILENT.has(element.tagName)) return true;
  for (const { name, value } of element.attrs) {
    if (name === "hidden") return true;
    if (name === "aria-hidden" && value.trim().toLowerCase() === "true") return true;
    if (name === "style" && INVISIBLE_STYLE.test(plainCss(value))) return true;
  }
  return false;
}

function plainCss(style: string): string {
  return style
    .replace(/\/\*.*?\*\//gs, "")
    .replace(/\s+/g, "")
    .toLowerCase();
}
