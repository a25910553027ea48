/** A piece of HTML that is safe to put into a page as it is. */
export type Html = { readonly html: string };

type Value = string | number | undefined | false | Html | readonly (Html | string)[];

/** Text for an element or a quoted attribute, without characters that XML 1.0 and HTML do not have. */
export function escaped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "�")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}

/** Markup whose values are escaped unless they are markup already. Lists are joined; `undefined` and `false` are nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  let text = parts[0]!;
  for (const [i, value] of values.entries()) text += rendered(value) + parts[i + 1]!;
  return { html: text };
}

function rendered(value: Value): string {
  if (value === undefined || value === false) return "";
  if (typeof value === "string" || typeof value === "number") return escaped(String(value));
  if ("html" in value) return value.html;
  return value.map(rendered).join("");
}
