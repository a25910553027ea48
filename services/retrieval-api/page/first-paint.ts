// Runs before anything is painted, so that neither the colours nor the language change under the reader's eyes.
{
  const root = document.documentElement;
  const theme = localStorage.getItem("cairn.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const language = localStorage.getItem("cairn.language") ?? navigator.language;
  root.lang = language.toLowerCase().startsWith("zh") ? "zh" : "en";

  const program = document.querySelector<HTMLTemplateElement>("#program")!;
  const begin = (): void => void document.head.append(program.content.cloneNode(true));
  // A page in the background is not painted, so it does not wait for it.
  if (document.hidden) begin();
  else requestAnimationFrame(() => setTimeout(begin));
}
