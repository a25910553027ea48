/** In characters: 20,000 pieces of five, as models send them. */
const LENGTH = 100_000;
const PIECE = /[\s\S]{1,5}/g;

const repeated = (make: (i: number) => string, length = LENGTH): string => {
  let text = "";
  for (let i = 0; text.length < length; i++) text += make(i);
  return text.slice(0, length);
};
const sentence = (i: number): string => `Green tea number ${i} is steeped **at 80 degrees**, then \`poured\`. `;
const chinese = (i: number): string => `绿茶第${i}号用八十度的水冲泡两到三分钟，**然后**倒出来，不要煮沸，否则会发苦。`;
const everything = (i: number): string =>
  [
    `## Part ${i}\n\n${sentence(i)}[1]\n\n`,
    `${chinese(i).repeat(4)}[1]\n\n`,
    "```js\nconst degrees = 80;\nsteep(degrees);\n```\n\n",
    `- one [1]\n  - two\n    - ${sentence(i)}\n\n> ${sentence(i)}\n\n`,
    `| tea | degrees |\n|---|--:|\n| green | ${i} |\n| black | 95 [1] |\n\n`,
  ][i % 5]!;

/** Answers that are as long as one may be, each of another make, in the pieces that they come in. */
export const LONG_ANSWERS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    everything: repeated(everything),
    citations: repeated((i) => `Tea is steeped at 80 degrees. [1]${i % 8 === 7 ? "\n\n" : " "}`),
    paragraph: repeated((i) => (i % 2 === 0 ? sentence(i) : chinese(i))),
    code: `\`\`\`ts\n${repeated((i) => `const value${i} = steep(${i}, { degrees: 80 });\n`)}\n\`\`\``,
    table: `| a | b | c |\n|---|---|---|\n${repeated((i) => `| row ${i} | **80** degrees | two minutes [1] |\n`)}`,
    "nested list": `- top\n${repeated((i) => `${"  ".repeat(1 + (i % 5))}- item ${i} **at 80** degrees\n`)}`,
  }).map(([name, text]) => [name, text.match(PIECE)!]),
);
