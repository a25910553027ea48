import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORMAT_TABLE } from "#shared/formats.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/formats");

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal({ folder: FOLDER });
});
afterAll(() => app.close());

type Place = { readonly page?: number; readonly place?: object; readonly heading_path?: readonly string[] };
const at = (unit: string, from: number, to = from) => ({ place: { unit, from, to } });
const under = (...heading_path: string[]) => ({ heading_path });

/** File, question, words of the quote, and where they stand in the original. */
const QUESTIONS: readonly (readonly [file: string, question: string, quote: RegExp, place: Place])[] = [
  ["cheese.md", "How often are the wheels turned in the cheese cellar?", /every third day/, under("Turning")],
  ["kiln.mdx", "What temperature does the glaze firing reach?", /1,220 degrees/, under("Kiln", "Firing")],
  ["swimming.html", "Which lane is for beginners?", /Lane six/, under("Swimming pool", "Lanes")],
  ["observatory-utf16.txt", "How heavy is the small telescope?", /38 kilograms/, at("line", 4)],
  ["ferry-gbk.txt", "末班渡轮几点开出？", /十点四十五分/, at("line", 3)],
  ["museum-big5.txt", "博物館寄物櫃的押金是多少？", /二十元/, at("line", 5)],
  ["station-sjis.txt", "最終電車は何時に出発しますか", /二十三時五十分/, at("line", 3)],
  ["atelier-latin1.txt", "dépôt de garantie du tour à bois", /45 euros/, at("line", 3)],
  ["buoys.csv", "What is the period of the light of the buoy Osprey?", /Osprey/, at("row", 5)],
  ["tides.tsv", "What was the highest water at the gauge Sluice?", /5\.07 m/, at("row", 3)],
  ["turbines.json", "What is the hub height of turbine T2?", /121/, { ...under("turbines"), ...at("record", 2) }],
  ["alarms.jsonl", "Which pump had the alarm bearing too hot?", /P-7/, at("line", 2)],
  [
    "thermostat.py",
    "Below which degrees does the frost guard start?",
    /below 5 degrees/,
    { ...under("frost_guard"), ...at("line", 22, 24) },
  ],
  ["lighthouse.pdf", "When does the fog horn sound?", /below 800 metres/, { page: 3 }],
  ["greenhouse.docx", "How often are orchids watered?", /every nine days/, under("Greenhouse rules", "Watering")],
  [
    "signal-box.pptx",
    "From when is track two closed?",
    /9 March to 27 March/,
    { ...under("What closes when"), ...at("slide", 2) },
  ],
  [
    "signal-box.pptx",
    "When does the last ferry connection on closing day leave?",
    /21:40/,
    { ...under("What closes when", "Notes"), ...at("slide", 2) },
  ],
  [
    "signal-box.pptx",
    "How many cabinets does the crew South rewire?",
    /South.*22/,
    { ...under("Crews"), ...at("slide", 3) },
  ],
  [
    "depots.xlsx",
    "What is the capacity in pallets of the depot Cedar?",
    /Cedar.*2450/,
    { ...under("Depots"), ...at("row", 6) },
  ],
  [
    "depots.xlsx",
    "What is the price per day of a customs seal with tax?",
    /Customs seal.*37\.20/,
    { ...under("Fees"), ...at("row", 4) },
  ],
  ["depots.xlsx", "密封圈在哪个仓位？", /密封圈.*乙七/, { ...under("库存"), ...at("row", 3) }],
  [
    "ropemaker.epub",
    "How many hours are between the coats when a hawser is tarred?",
    /forty hours/,
    under("Spring", "Tarring"),
  ],
  ["ropemaker.epub", "How long is the rope walk of the old yard?", /310 metres/, under("Appendix")],
  [
    "berth-plan.eml",
    "Until when does the café ship moor at quay 2?",
    /18 April/,
    under("Berth plan for the café ship"),
  ],
  [
    "berth-plan.eml",
    "What is the depth at low tide at quay 2?",
    /Quay 2.*4\.1 m/,
    { ...under("Berth plan for the café ship", "berths.csv"), ...at("row", 3) },
  ],
  [
    "berth-plan.eml",
    "On which days is shore power switched off?",
    /Sundays/,
    under("Berth plan for the café ship", "message.eml", "Shore power"),
  ],
  [
    "tool-library.mbox",
    "How much is the deposit for the tile saw?",
    /65 euros/,
    { ...under("Deposit for the tile saw"), ...at("message", 2) },
  ],
  ["tool-library.mbox", "电钻最多可以借多少天？", /十二天/, { ...under("还工具"), ...at("message", 3) }],
];

describe("Every format", () => {
  it.each(QUESTIONS)(
    "%s: “%s” is answered from the right place of the original",
    async (file, question, quote, place) => {
      const { outcome, citations } = await app.ask(question);
      expect(outcome).toBe("answered");
      const cited = citations.find(({ source }) => source.uri.endsWith(`/${file}`) && quote.test(source.quote));
      expect(cited?.source ?? citations.map(({ source }) => [source.uri, source.quote])).toMatchObject(place);
      expect(cited?.verified).toBe(true);
    },
  );

  it("has a sample with a question", () => {
    const asked = QUESTIONS.map(([file]) => file);
    for (const { format, extensions } of FORMAT_TABLE) {
      expect(
        asked.some((file) => extensions.some((extension) => file.endsWith(extension))),
        format,
      ).toBe(true);
    }
  });

  it("that cannot be read says why, and hidden parts are never found", async () => {
    const { jobs } = (await (await app.send("/v1/jobs?limit=200")).json()) as {
      jobs: { reason: string | null; code: string }[];
    };
    const failed = jobs.filter(({ reason }) => reason !== null).map(({ code, reason }) => `${code}: ${reason}`);
    expect(failed.sort()).toEqual([
      expect.stringMatching(/^needs_ocr: .*no text/),
      expect.stringMatching(/^unreadable_document: This Office file is protected by a password/),
      expect.stringMatching(/^unreadable_document: This PDF is protected by a password/),
    ]);
    for (const query of ["secret", "Elm 777", "contingency budget", "Ignore all rules"]) {
      const { results } = (await (await app.send("/v1/search", { query })).json()) as { results: { text: string }[] };
      expect(results.map(({ text }) => text).join("\n")).not.toMatch(/secret|Elm|contingency|Ignore/);
    }
  });

  it("shows the place in a search, too", async () => {
    const query = "Depot Dogwood occupancy";
    const { results } = (await (await app.send("/v1/search", { query })).json()) as { results: object[] };
    expect(results[0]).toMatchObject({ heading_path: ["Depots"], place: { unit: "row", from: 1, to: 7 } });
  });
});
