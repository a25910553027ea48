import { Converter } from "opencc-js/t2cn";
import { TRADITIONAL_CHARACTERS } from "./traditional-characters.ts";

const HAN_RUN = /\p{Script=Han}+/gu;
const TRADITIONAL = new RegExp(`[${TRADITIONAL_CHARACTERS}]`);

/**
 * The text with traditional Chinese in simplified characters and mainland words (資料夾 becomes 文件夹), so that a
 * question and a document meet whichever script each is written in. For comparing only: lengths may change, and
 * nothing shown is taken from it.
 */
export function simplified(text: string): string {
  if (!TRADITIONAL.test(text)) return text;
  // Run by run: words such as 文件 mean other things in either script and have to stay in a simplified text.
  return text.replaceAll(HAN_RUN, (run) => (TRADITIONAL.test(run) ? converted(run) : run));
}

function converted(run: string): string {
  // Hong Kong says 文件夾 for 文件夹, of which Taiwan's table makes a 文档 first.
  return toMainland()(run).replaceAll("文档夹", "文件夹");
}

let converter: ReturnType<typeof Converter> | undefined;

/** Made when first needed: its tables take longer to build than a start should. */
function toMainland(): ReturnType<typeof Converter> {
  converter ??= Converter({ from: "twp", to: "cn" });
  return converter;
}
