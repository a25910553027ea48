import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "../../ingest/parse/parse.ts";
import { openingOf } from "../../ingest/parse/title.ts";

const titleOf = async (name: string, text: string): Promise<string> =>
  (await parse({ bytes: new TextEncoder().encode(text), name })).title;

test("a text that was sent without a name is called by its heading, or by its first words", async () => {
  expect(await titleOf("text.md", "# Duty roster\n\nTeam A is on duty.")).toBe("Duty roster");
  expect(await titleOf("text.md", "Team **A** is on duty on Monday.\n\nTeam B on Tuesday.")).toBe(
    "Team A is on duty on Monday.",
  );
  expect(await titleOf("text.md", "## Second level\n\nText.")).toBe("Second level");
  expect(await titleOf("text.txt", "\n\n  值班表：周一由甲组值班。\n周二由乙组值班。")).toBe(
    "值班表：周一由甲组值班。",
  );
  expect(await titleOf("text.html", "<p>Gate <b>four</b> closes early.</p>")).toBe("Gate four closes early.");
  expect(await titleOf("text.json", '{"pump": "P-7", "state": "off"}')).toMatch(/^pump/);
});

test("a file that has a name keeps it", async () => {
  expect(await titleOf("roster.md", "Team A is on duty.")).toBe("roster");
  expect(await titleOf("a/b/roster.txt", "Team A is on duty.")).toBe("roster");
});

test("a long first line is cut between two words", () => {
  const title = openingOf(`${"harbour master ".repeat(20)}\nsecond line`);
  expect(title).toMatch(/^(harbour master )+harbour…$|^(harbour master )*harbour master…$/);
  expect(Array.from(openingOf("港".repeat(300)))).toHaveLength(81);
});

test("the opening of any text is one line of at most 81 characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      const title = openingOf(text);
      expect(title).not.toMatch(/\n/);
      expect(Array.from(title).length).toBeLessThanOrEqual(81);
    }),
  );
});
