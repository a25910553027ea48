import { type Command, type Context, idOf, parseFlags, UsageError } from "../command.ts";
import { nearest } from "../nearest.ts";
import { oneLine } from "../printable.ts";

const KINDS = ["document", "document_version", "model", "prompt", "release", "ingest_run", "parser"];
const ACTIONS = ["list", "lift", "impact"];
const OPTIONS = {
  reason: { type: "string" },
  everywhere: { type: "boolean" },
  active: { type: "boolean" },
  by: { type: "string" },
  use: { type: "string" },
  csv: { type: "boolean" },
} as const;
/** Which options belong to which call; to withdraw is the one without a name. */
const BELONG: Readonly<Record<string, readonly string[]>> = {
  list: ["active"],
  lift: ["reason"],
  impact: ["by", "use", "csv"],
  withdraw: ["reason", "everywhere"],
};
const PAGE = 1000;

type Totals = {
  readonly answers: number;
  readonly conversations: number;
  readonly people: number;
  readonly by_use: Readonly<Record<string, number>>;
};
type Withdrawal = {
  readonly id: string;
  readonly kind: string;
  readonly target: string;
  readonly scope: string;
  readonly reason: string;
  readonly state: string;
  readonly created_by: string;
  readonly created_at: string;
};
type Affected = Readonly<Record<string, string | number | null>>;
type Impact = {
  readonly withdrawal: Withdrawal;
  readonly totals: Totals;
  readonly answers?: readonly Affected[];
  readonly conversations?: readonly Affected[];
  readonly next_cursor: string | null;
};

export const recall: Command = {
  name: "recall",
  summary: "withdraw something, and see which answers used it",
  help: `Usage: ./cairn recall KIND ID --reason TEXT [--everywhere] [--json]
       ./cairn recall list [--active] [--json]
       ./cairn recall impact ID [--by answer|conversation] [--use USE] [--csv] [--json]
       ./cairn recall lift ID --reason TEXT [--json]

KIND     ${KINDS.join(", ")}
ID       as the lineage of an answer or "./cairn documents show" names it

What is withdrawn is in no answer from the next question on, and past answers say that it was.

  --reason TEXT      why; auditors read it
  --everywhere       for every tenant: a model, prompt, release or parser, by the operator
  --active           list only what has not been lifted
  --by conversation  conversations instead of answers
  --use USE          only cited, in_context, retrieved, generated or configured
  --csv              print a CSV file
  --json             print what the API returns

To withdraw and to lift need a key with the scope "admin", to look one with "audit".`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, OPTIONS);
    const [action, ...rest] = positionals;
    if (action === undefined) throw new UsageError("What is to be withdrawn? Give a kind and an id.");
    const call = ACTIONS.includes(action) ? action : "withdraw";
    const misplaced = Object.keys(values).find((name) => name in OPTIONS && !BELONG[call]!.includes(name));
    if (misplaced) throw new UsageError(`--${misplaced} does not belong to this call.`);
    if (call === "list") return list(rest, values.active === true, context);
    if (call === "lift") return lift(idOf(rest, "withdrawal"), reasonOf(values.reason), context);
    if (call === "impact") return impact(idOf(rest, "withdrawal"), values, context);
    if (!KINDS.includes(action)) {
      const similar = nearest(action, [...KINDS, ...ACTIONS]);
      throw new UsageError(`There is no kind "${action}".${similar ? ` Did you mean "${similar}"?` : ""}`);
    }
    const [target, ...more] = rest;
    if (target === undefined || more.length > 0) throw new UsageError(`Which ${action}? Give one id.`);
    return withdraw(action, target, { reason: reasonOf(values.reason), everywhere: values.everywhere }, context);
  },
};

function reasonOf(reason: string | undefined): string {
  if (reason === undefined || reason.trim() === "") throw new UsageError("Why? Give --reason TEXT.");
  return reason;
}

async function withdraw(
  kind: string,
  target: string,
  { reason, everywhere }: { readonly reason: string; readonly everywhere: boolean | undefined },
  { client, output, json, signal }: Context,
): Promise<number> {
  const body = { kind, target, reason, ...(everywhere && { scope: "installation" }) };
  const made = await client.call<Withdrawal & { impact: Totals }>("/v1/withdrawals", signal, {
    method: "POST",
    json: body,
  });
  if (json) output.json(made);
  else {
    output.line(`Withdrawn: ${oneLine(kind)} ${oneLine(target)}. No answer uses it from the next question on.`);
    output.line(`Withdrawal ${oneLine(made.id)}`);
    output.line(totalsLine(made.impact));
    if (made.impact.answers > 0) output.line(`Which ones: ./cairn recall impact ${oneLine(made.id)}`);
  }
  return 0;
}

function totalsLine({ answers, conversations, people, by_use }: Totals): string {
  if (answers === 0) return "No past answer rests on it.";
  const uses = Object.entries(by_use).map(([use, count]) => `${count} ${use.replace("_", " ")}`);
  return `Past answers that rest on it: ${answers} (${uses.join(", ")}), in ${conversations} conversations of ${people} people.`;
}

async function list(
  rest: readonly string[],
  active: boolean,
  { client, output, json, signal }: Context,
): Promise<number> {
  if (rest.length > 0) throw new UsageError('"recall list" takes no arguments.');
  const query = active ? "?active=true" : "";
  const found = await client.call<{ withdrawals: readonly Withdrawal[] }>(`/v1/withdrawals${query}`, signal);
  if (json) output.json(found);
  else if (found.withdrawals.length === 0) output.note("Nothing is withdrawn.");
  else for (const one of found.withdrawals) output.line(lineOf(one));
  return 0;
}

const lineOf = ({ id, state, kind, target, created_at, created_by, reason }: Withdrawal): string =>
  [id, state, kind, target, created_at, created_by, reason].map(oneLine).join("  ");

async function lift(id: string, reason: string, { client, output, json, signal }: Context): Promise<number> {
  const lifted = await client.call<Withdrawal>(`/v1/withdrawals/${id}/lift`, signal, {
    method: "POST",
    json: { reason },
  });
  if (json) output.json(lifted);
  else output.line(`Lifted: answers may use ${oneLine(lifted.kind)} ${oneLine(lifted.target)} again.`);
  return 0;
}

type Asked = {
  readonly by?: string | undefined;
  readonly use?: string | undefined;
  readonly csv?: boolean | undefined;
};

async function impact(id: string, { by, use, csv }: Asked, { client, output, json, signal }: Context): Promise<number> {
  const query = new URLSearchParams({ limit: String(PAGE), ...(by && { by }), ...(use && { use }) });
  if (csv) {
    query.set("format", "csv");
    output.piece(await client.read(`/v1/withdrawals/${id}/impact?${query}`, signal));
    return 0;
  }
  let first: Impact | undefined;
  const rows: Affected[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    if (cursor !== "") query.set("cursor", cursor);
    const page: Impact = await client.call<Impact>(`/v1/withdrawals/${id}/impact?${query}`, signal);
    first ??= page;
    rows.push(...(page.answers ?? page.conversations ?? []));
    cursor = page.next_cursor;
  }
  if (json) output.json({ ...first, [first!.answers ? "answers" : "conversations"]: rows });
  else {
    output.line(lineOf(first!.withdrawal));
    output.line(totalsLine(first!.totals));
    for (const row of rows) {
      output.line(
        Object.values(row)
          .map((cell) => oneLine(String(cell ?? "–")))
          .join("  "),
      );
    }
  }
  return 0;
}
