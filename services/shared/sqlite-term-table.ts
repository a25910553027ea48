import type { DatabaseSync, StatementSync } from "node:sqlite";
import { bm25, inverseDocumentFrequency } from "./bm25.ts";
import type { WeightedTerm } from "./tokenize.ts";

/** Occurrences in title and headings count this much more than in the text. */
const HEADING_WEIGHT = 1;
/** FTS5 proposes at least so many rows, which are then scored exactly. */
const MIN_PROPOSALS = 200;

export type Ranked = { readonly rowid: number; readonly score: number };
export type Terms = { readonly heading: string; readonly body: string; readonly scope: string };

export function createTermTable(db: DatabaseSync, name: string): void {
  // Texts arrive as terms already; FTS5's tokenizer only has to keep what ours made in one piece.
  db.exec(`
    create virtual table ${name} using fts5(heading, body, scope,
      tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '_'");
    create virtual table ${name}_vocab using fts5vocab(${name}, 'row');
    insert into term_stats (name, entries, terms) values ('${name}', 0, 0)`);
}

export function dropTermTable(db: DatabaseSync, name: string): void {
  db.exec(`drop table ${name}_vocab; drop table ${name}; delete from term_stats where name = '${name}'`);
}

/**
 * Rows of terms that are found by FTS5, filter included, and then scored with BM25 in our code: FTS5's own function
 * gives words of more than half of the rows no weight at all, which costs ranking where a corpus has one subject.
 */
export function termTable(sql: (text: string) => StatementSync, name: string) {
  const count = (entries: number, terms: number): void => {
    sql("update term_stats set entries = entries + ?, terms = terms + ? where name = ?").run(entries, terms, name);
  };
  return {
    insert(rowid: number, { heading, body, scope }: Terms): void {
      sql(`insert into ${name} (rowid, heading, body, scope) values (?, ?, ?, ?)`).run(rowid, heading, body, scope);
      count(1, lengthOf(heading) + lengthOf(body));
    },
    /** Returns what was stored, `undefined` for a row that is not there. */
    remove(rowid: number): Terms | undefined {
      const stored = sql(`select heading, body, scope from ${name} where rowid = ?`).get(rowid) as Terms | undefined;
      if (!stored) return undefined;
      sql(`delete from ${name} where rowid = ?`).run(rowid);
      count(-1, -lengthOf(stored.heading) - lengthOf(stored.body));
      return stored;
    },
    /** FTS5's own ranking: no exact scores, but nothing is read but the index. */
    propose(match: string, limit: number): Ranked[] {
      return sql(
        `select rowid, -rank as score from ${name} where ${name} match ? and rank match 'bm25(1.0, 1.0, 0.0)' order by rank limit ?`,
      ).all(match, limit) as Ranked[];
    },
    /** The best `limit`, and whatever ties with the last of them: row ids say nothing about order. */
    search(terms: readonly WeightedTerm[], match: string, limit: number): Ranked[] {
      const { entries, average } = sql(
        "select entries, 1.0 * terms / max(entries, 1) as average from term_stats where name = ?",
      ).get(name) as { entries: number; average: number };
      const weighted = terms.map(({ term, weight }) => {
        const row = sql(`select doc from ${name}_vocab where term = ?`).get(term) as { doc: number } | undefined;
        return { term: ` ${term} `, idf: weight * inverseDocumentFrequency(entries, row?.doc ?? 0) };
      });
      const proposals = sql(
        `select t.rowid as rowid, t.heading as heading, t.body as body from
           (select rowid, rank from ${name} where ${name} match ? and rank match 'bm25(1.0, 1.0, 0.0)' order by rank limit ?) p
         join ${name} t on t.rowid = p.rowid`,
      ).all(match, Math.max(limit, MIN_PROPOSALS)) as (Terms & { rowid: number })[];
      const ranked = proposals.map(({ rowid, heading, body }) => {
        const length = lengthOf(heading) + lengthOf(body);
        const [headingText, bodyText] = [` ${heading} `, ` ${body} `];
        let score = 0;
        for (const { term, idf } of weighted) {
          const frequency = occurrences(bodyText, term) + HEADING_WEIGHT * occurrences(headingText, term);
          if (frequency > 0) score += bm25(idf, frequency, length, average);
        }
        return { rowid, score };
      });
      ranked.sort((a, b) => b.score - a.score);
      const lowest = ranked[limit - 1]?.score ?? 0;
      return ranked.filter(({ score }) => score >= lowest);
    },
  };
}

/** Terms are separated by one space, and neighbours share it. */
function occurrences(text: string, term: string): number {
  let found = 0;
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + term.length - 1)) found += 1;
  return found;
}

function lengthOf(terms: string): number {
  if (terms === "") return 0;
  let length = 1;
  for (let at = terms.indexOf(" "); at >= 0; at = terms.indexOf(" ", at + 1)) length += 1;
  return length;
}
