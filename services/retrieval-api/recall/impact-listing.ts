import type { Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { csvLine } from "./csv.ts";
import {
  type AffectedAnswer,
  type AffectedConversation,
  affectedAnswers,
  affectedConversations,
  type Place,
  type Use,
} from "./impact.ts";
import type { Withdrawal } from "./withdrawal.ts";

const CSV_ROWS = 5000;

type Page = { readonly use: Use | undefined; readonly after: Place | undefined; readonly limit: number };
type Column<Row> = readonly [name: string, of: (row: Row) => string | number | null];
type Listing<Row> = {
  readonly key: string;
  readonly rows: (sql: Sql, withdrawal: Withdrawal, page: Page) => Promise<readonly Row[]>;
  readonly columns: readonly Column<Row>[];
  readonly place: (row: Row) => Place;
};

const time = (ms: number): string => new Date(ms).toISOString();

const ANSWERS: Listing<AffectedAnswer> = {
  key: "answers",
  rows: affectedAnswers,
  columns: [
    ["answer_id", (row) => row.answer_id],
    ["tenant", (row) => row.tenant],
    ["use", (row) => row.use],
    ["conversation_id", (row) => row.conversation_id],
    ["subject", (row) => row.subject],
    ["outcome", (row) => row.outcome],
    ["created_at", (row) => time(row.at)],
  ],
  place: ({ at, answer_id }) => ({ at, id: answer_id }),
};

const CONVERSATIONS: Listing<AffectedConversation> = {
  key: "conversations",
  rows: affectedConversations,
  columns: [
    ["conversation_id", (row) => row.conversation_id],
    ["tenant", (row) => row.tenant],
    ["subject", (row) => row.subject],
    ["answers", (row) => row.answers],
    ["use", (row) => row.use],
    ["last_answer_at", (row) => time(row.last_at)],
  ],
  place: ({ last_at, conversation_id }) => ({ at: last_at, id: conversation_id }),
};

export type ImpactBy = "answer" | "conversation";
type Asked = { readonly by: ImpactBy; readonly use?: Use | undefined };

/** One page as an API shows it, with the cursor of the next one. */
export function impactPage(
  sql: Sql,
  withdrawal: Withdrawal,
  { by, use, cursor, limit }: Asked & { readonly cursor?: string | undefined; readonly limit: number },
): Promise<object> {
  const page = { use, after: cursor === undefined ? undefined : fromCursor(cursor), limit };
  return by === "answer" ? pageOf(ANSWERS, sql, withdrawal, page) : pageOf(CONVERSATIONS, sql, withdrawal, page);
}

/** All of it as the lines of a CSV file, read a few thousand rows at a time. */
export function impactCsv(sql: Sql, withdrawal: Withdrawal, { by, use }: Asked): AsyncGenerator<string, void> {
  return by === "answer" ? csvOf(ANSWERS, sql, withdrawal, use) : csvOf(CONVERSATIONS, sql, withdrawal, use);
}

async function pageOf<Row>(
  { key, rows, columns, place }: Listing<Row>,
  sql: Sql,
  withdrawal: Withdrawal,
  page: Page,
): Promise<object> {
  const found = await rows(sql, withdrawal, page);
  const last = found.at(-1);
  return {
    [key]: found.map((row) => Object.fromEntries(columns.map(([name, of]) => [name, of(row)]))),
    next_cursor: last && found.length === page.limit ? toCursor(place(last)) : null,
  };
}

async function* csvOf<Row>(
  { rows, columns, place }: Listing<Row>,
  sql: Sql,
  withdrawal: Withdrawal,
  use: Use | undefined,
): AsyncGenerator<string, void> {
  yield csvLine(columns.map(([name]) => name));
  let after: Place | undefined;
  for (;;) {
    const found = await rows(sql, withdrawal, { use, after, limit: CSV_ROWS });
    for (const row of found) yield csvLine(columns.map(([, of]) => of(row)));
    const last = found.at(-1);
    if (!last || found.length < CSV_ROWS) return;
    after = place(last);
  }
}

const toCursor = ({ at, id }: Place): string => Buffer.from(`${at}:${id}`).toString("base64url");

function fromCursor(cursor: string): Place {
  const [, at, id] = /^(\d{1,16}):([\w-]{1,64})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (at && id) return { at: Number(at), id };
  throw new AppError("invalid_request", "cursor: is not one that this API gave out.", { param: "cursor" });
}
