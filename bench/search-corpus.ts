import type { Chunk } from "#shared/chunk.ts";
import type { Filing } from "#shared/index.ts";
import type { Principal } from "#shared/principal.ts";
import { unitVector } from "#shared/unit-vector.ts";

export const DIMENSIONS = 384;
export const PER_VERSION = 20;
const VOCABULARY = 60_000;
const WORDS = 100;
const PLACES = 256;
const GROUPS = 50;
/** A third of a text, as in English. */
const STOP_WORDS = "the of and to in is it for with this that not by on are be as at".split(" ");
const STOP_SHARE = 1 / 3;
const ASKING = ["What is the", "How does the", "When is it that", "Which of the", "Why are the"];
const SLIP_SHARE = 0.05;
const MEMBERS = Array.from({ length: GROUPS }, (_, i) => `g${i}`);

export type Entry = { readonly filing: Filing; readonly versionId: string; readonly chunks: readonly Chunk[] };

/** Who asks, and what share of all chunks they may read. */
export const CALLERS: readonly { readonly name: string; readonly principal: Principal }[] = [
  { name: "60 %, a whole tenant", principal: principalOf("large", ["staff"]) },
  { name: "30 %, by 50 groups", principal: principalOf("closed", MEMBERS) },
  { name: "0.6 %, by one group", principal: principalOf("closed", ["g7"]) },
  { name: "1 %, a small tenant", principal: principalOf("small", []) },
];

/**
 * Made text with words as frequent as in real text (Zipf), filed for tenants and groups of all sizes; questions from its
 * words, and places for both. Always the same.
 */
export function createCorpus(seed: number) {
  const roll = seeded(seed);
  const below = (limit: number): number => Math.floor(roll() * limit);
  const content = (): string => spelled(Math.floor(VOCABULARY ** roll()));
  const word = (): string => (roll() < STOP_SHARE ? STOP_WORDS[below(STOP_WORDS.length)]! : content());
  const text = (words: number, one: () => string): string => Array.from({ length: words }, one).join(" ");
  const centres = Array.from({ length: PLACES }, () => Float32Array.from({ length: DIMENSIONS }, () => roll() - 0.5));
  const near = (place: number): Float32Array =>
    unitVector(centres[place % PLACES]!.map((value) => value + (roll() - 0.5) / 2));

  return {
    entry(version: number, versionId = `v${version}`): Entry {
      const title = text(3, content);
      const chunks = Array.from({ length: PER_VERSION }, (_, i): Chunk => {
        const said = text(WORDS, word);
        return {
          ...{ id: `${versionId}:${i}`, documentId: `d-${versionId}`, versionId, title },
          ...{ headingPath: [text(2, content)], page: undefined, start: i * 1000, end: i * 1000 + said.length },
          text: said,
        };
      });
      return { filing: filingOf(version), versionId, chunks };
    },
    /** Words of one passage, as they come: most of them are common. */
    question({ chunks }: Entry): string {
      const words = chunks[below(chunks.length)]!.text.split(" ").filter((one) => !STOP_WORDS.includes(one));
      const asked = Array.from({ length: 3 + below(5) }, () => words[below(words.length)]!);
      if (roll() < SLIP_SHARE) asked[0] = swapped(asked[0]!);
      return `${ASKING[below(ASKING.length)]} ${asked.join(" ")}?`;
    },
    place: near,
    below,
  };
}

/** Four tenants, of 60, 30, 9 and 1 % of the versions. */
export function filingOf(version: number): Filing {
  const share = version % 100;
  if (share < 60) return { tenant: "large", collection: "default", acl: [share % 5 === 0 ? "group:staff" : "tenant"] };
  const group = MEMBERS[Math.floor(version / 100) % GROUPS]!;
  if (share < 90) return { tenant: "closed", collection: "default", acl: [`group:${group}`] };
  return { tenant: share < 99 ? "others" : "small", collection: "default", acl: ["tenant"] };
}

function principalOf(tenant: string, groups: readonly string[]): Principal {
  return { tenant, subject: "bench", groups, scopes: [] };
}

/** A number as a word of letters, the last digit first: words begin with any letter, and common ones are short. */
function spelled(number: number): string {
  const letter = String.fromCharCode(97 + (number % 26));
  return number < 26 ? `${letter}o` : letter + spelled(Math.floor(number / 26));
}

const swapped = (word: string): string => word.slice(0, -2) + word.at(-1)! + word.at(-2)!;

/** Mulberry32: a number in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
