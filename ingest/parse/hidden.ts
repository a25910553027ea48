import type { DefaultTreeAdapterTypes as Tree } from "parse5";

/** Elements without text for a reader. */
const SILENT = new Set(
  "script style template noscript head title iframe object embed svg canvas audio video map datalist noframes noembed".split(
    " ",
  ),
);
const END = "(;|!|$)";
const FAR = "-(\\d{4,}|[5-9]\\d\\d)(\\.\\d+)?px|-\\d{3,}(\\.\\d+)?[a-z%]*(?<!px)";
const INVISIBLE_STYLE = new RegExp(
  `(^|;)(${[
    "display:none",
    "visibility:(hidden|collapse)",
    `opacity:0(\\.0*)?%?${END}`,
    `font-size:0[a-z%]*${END}`,
    `(left|top|right|bottom|text-indent|margin-left|margin-top):(${FAR})`,
    `transform:translate([xy]|3d)?\\(([^)]*,)?(${FAR})`,
    `clip:rect\\(((0|1)(px)?,?){4}\\)`,
    `clip-path:inset\\((50|100)%\\)`,
  ].join("|")})`,
);
const NO_SIZE = new RegExp(`(^|;)(max-)?(height|width):0(\\.0*)?[a-z%]*${END}`);
const CUT_OFF = /(^|;)overflow(-[xy])?:(hidden|clip)/;

const WHITE =
  "(#fff(f|fff|fffff)?|white|(rgba?|hsla?)\\((255,255,255|100%,100%,100%|\\d+(deg)?,\\d+%,100%)(,1(\\.0+)?)?\\))";
const NO_COLOUR = "(transparent|rgba\\(\\d+,\\d+,\\d+,0(\\.0+)?\\))";
const INVISIBLE_TEXT = new RegExp(`(^|;)(-webkit-text-fill-)?color:(${WHITE}|${NO_COLOUR})${END}`);
const BACKGROUND = /(?:^|;)background(?:-color|-image)?:([^;]*)/g;
const NO_BACKGROUND = new RegExp(
  `^(${WHITE}|transparent|none|inherit|initial|unset|rgba\\(.*,0(\\.0+)?\\))?(!important)?$`,
);
/** Deeper pages are not looked at for a background: the depth is the document's to choose. */
const MAX_ANCESTORS = 100;

/**
 * Whether a browser would not show the element. Text that a person cannot see must never be retrieved: it is the usual
 * carrier of instructions to a model. Style sheets are not evaluated, only the element's own attributes, and for white
 * text the backgrounds that it and the elements around it say they have.
 */
export function isHidden(element: Tree.Element): boolean {
  if (SILENT.has(element.tagName)) return true;
  for (const { name, value } of element.attrs) {
    if (name === "hidden") return true;
    if (name === "aria-hidden" && value.trim().toLowerCase() === "true") return true;
    if (name === "style" && isInvisible(plainCss(value), element)) return true;
    if (name === "color" && INVISIBLE_TEXT.test(`color:${plainCss(value)}`) && !hasBackground(element)) return true;
  }
  return false;
}

function isInvisible(style: string, element: Tree.Element): boolean {
  if (INVISIBLE_STYLE.test(style) || (NO_SIZE.test(style) && CUT_OFF.test(style))) return true;
  return INVISIBLE_TEXT.test(style) && !hasBackground(element);
}

/** Whether something darker than paper is behind the element. */
function hasBackground(element: Tree.Element): boolean {
  let at: Tree.ParentNode | null = element;
  for (let i = 0; at && "attrs" in at && i < MAX_ANCESTORS; i++, at = at.parentNode) {
    for (const { name, value } of at.attrs) {
      const css = plainCss(value);
      if (name === "bgcolor" && !NO_BACKGROUND.test(css)) return true;
      if (name !== "style") continue;
      for (const [, background = ""] of css.matchAll(BACKGROUND)) if (!NO_BACKGROUND.test(background)) return true;
    }
  }
  return false;
}

function plainCss(style: string): string {
  return style
    .replace(/\/\*.*?\*\//gs, "")
    .replace(/\s+/g, "")
    .toLowerCase();
}
