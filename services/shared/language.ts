export type Language = "en" | "zh";

const HAN_SHARE = 0.1;

/** Chinese as soon as a tenth of the letters are Han: "kube-apiserver 是什么" is a Chinese question. */
export function languageOf(text: string): Language {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return han > 0 && han >= letters * HAN_SHARE ? "zh" : "en";
}
