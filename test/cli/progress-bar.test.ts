import { expect, test } from "vitest";
import { createProgressBar } from "../../services/cli/progress-bar.ts";

function draw(isTTY: boolean): string {
  let text = "";
  const stream = {
    isTTY,
    write: (piece: string) => {
      text += piece;
    },
  };
  const bar = createProgressBar(stream, "Reading", 2);
  bar.step();
  bar.step();
  bar.end();
  return text;
}

test("on a terminal the bar is redrawn in place and removed at the end", () => {
  const lines = draw(true).split("\r\u001b[2K");
  expect(lines).toHaveLength(5);
  expect(lines[2]).toBe(`Reading [${"█".repeat(15)}${"·".repeat(15)}] 1 of 2`);
  expect(lines.at(-1)).toBe("");
});

test("elsewhere nothing is drawn", () => {
  expect(draw(false)).toBe("");
});
