/**
 * The page before its program runs: what is painted first. No inline script or style, as its policy demands. The program
 * waits in a template, since a hundred files on their way would hold up the painting of these few lines.
 */
export function shellHtml(base: string, modules: readonly string[]): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    "<title>Cairn</title>",
    '<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">',
    '<meta name="color-scheme" content="light dark">',
    `<link rel="icon" href="${base}icon.svg" type="image/svg+xml">`,
    `<link rel="stylesheet" href="${base}style.css">`,
    '<template id="program">',
    ...modules.map((path) => `<link rel="modulepreload" href="${base}${path}">`),
    `<script type="module" src="${base}app/main.ts"></script>`,
    "</template>",
    `<script src="${base}app/first-paint.ts"></script>`,
    "</head>",
    "<body>",
    '<div id="app">',
    '<div class="shell shell-waiting" aria-hidden="true">',
    '<div class="sidebar"><div class="brand"><span class="brand-mark"></span><span class="brand-name">Cairn</span></div></div>',
    '<div class="main"><div class="composer-dock"><div class="composer"></div></div></div>',
    "</div>",
    "</div>",
    "<noscript>Cairn's page needs JavaScript. Without it, use ./cairn ask or the HTTP API at /v1.</noscript>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
