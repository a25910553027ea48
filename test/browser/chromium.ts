import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Debian's Chromium, or the one that `CHROMIUM` names. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path));
  if (!executablePath) throw new Error("There is no Chromium. Install it: apt-get install chromium.");
  // In a container there is rarely a user namespace for its sandbox; the pages here are ours.
  // Letters in shades of grey: pictures of them are smaller, and the same everywhere.
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-lcd-text", "--font-render-hinting=none"],
  });
}
