// Runs before anything is painted, so that neither the colours nor the language change under the reader's eyes.
{
  const LATEST_MS = 250;
  const root = document.documentElement;
  const theme = localStorage.getItem("cairn.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const language = localStorage.getItem("cairn.language") ?? navigator.language;
  root.lang = language.toLowerCase().startsWith("zh") ? "zh" : "en";

  const program = document.querySelector<HTMLTemplateElement>("#program")!;
  let begun = false;
  const begin = (): void => {
    if (!begun) document.head.append(program.content.cloneNode(true));
    begun = true;
  };
  requestAnimationFrame(() => setTimeout(begin));
  // A page that nobody looks at is not painted, and begins nevertheless.
  setTimeout(begin, LATEST_MS);
}
