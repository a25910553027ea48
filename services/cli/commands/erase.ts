import { setTimeout as sleep } from "node:timers/promises";
import { type Command, type Context, idOf, parseFlags, UsageError } from "../command.ts";
import { oneLine } from "../printable.ts";

const POLL_MS = 250;

type Removed = { readonly versions: number; readonly answers: number; readonly messages: number };
type Erasure = {
  readonly id: string;
  readonly document_id: string;
  readonly state: string;
  readonly reason: string;
  readonly requested_by: string;
  readonly requested_at: string;
  readonly removed: Removed | null;
  readonly receipt: object | null;
};

export const erase: Command = {
  name: "erase",
  summary: "erase a document and every quotation of it",
  help: `Usage: ./cairn erase DOCUMENT --reason TEXT --yes [--json]
       ./cairn erase list [--json]
       ./cairn erase receipt ID

DOCUMENT   the id of a document, also of one that was deleted
ID         of an erasure

The document is hidden at once. Then its text is removed from the index, from stored files, and from answers and
conversations that quote it, and nothing of it is left in the databases' files. Nobody can bring it back.
Records of answers stay, still verify, and say ERASED.

  --reason TEXT  why; it stands in the receipt
  --yes          you are sure
  --json         print what the API returns

To erase needs a key with the scope "admin", to look one with "audit".`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, { reason: { type: "string" }, yes: { type: "boolean" } });
    const [action, ...rest] = positionals;
    const looks = action === "list" || action === "receipt";
    const misplaced = looks && Object.keys(values).find((name) => name === "reason" || name === "yes");
    if (misplaced) throw new UsageError(`--${misplaced} belongs to the erasure of a document.`);
    if (action === "list") {
      if (rest.length > 0) throw new UsageError('"erase list" takes no arguments.');
      return list(context);
    }
    if (action === "receipt") return receipt(idOf(rest, "erasure"), context);
    const document = idOf(positionals, "document");
    if (!values.reason?.trim()) throw new UsageError("Why? Give --reason TEXT.");
    if (!values.yes) throw new UsageError("An erased document cannot be brought back. Add --yes if you are sure.");
    return eraseDocument(document, values.reason, context);
  },
};

async function eraseDocument(document: string, reason: string, context: Context): Promise<number> {
  const { client, output, json, signal } = context;
  let erasure = await client.call<Erasure>("/v1/erasures", signal, {
    method: "POST",
    json: { document, reason },
  });
  if (!json) output.note("The document is hidden. Its text is being removed.");
  while (erasure.state !== "done") {
    await sleep(POLL_MS, undefined, { signal });
    erasure = await client.call<Erasure>(`/v1/erasures/${erasure.id}`, signal);
  }
  if (json) output.json(erasure);
  else {
    const { versions, answers, messages } = erasure.removed!;
    output.line(`Erased: ${versions} versions, the texts of ${answers} answers and of ${messages} messages.`);
    output.line(`Receipt: ./cairn erase receipt ${oneLine(erasure.id)}`);
  }
  return 0;
}

async function list({ client, output, json, signal }: Context): Promise<number> {
  const found = await client.call<{ erasures: readonly Erasure[] }>("/v1/erasures", signal);
  if (json) output.json(found);
  else if (found.erasures.length === 0) output.note("Nothing was erased.");
  else {
    for (const { id, state, document_id, requested_at, requested_by, reason } of found.erasures) {
      output.line([id, state, document_id, requested_at, requested_by, reason].map(oneLine).join("  "));
    }
  }
  return 0;
}

/** The envelope as it is: whoever keeps it can verify it with the published keys. */
async function receipt(id: string, { client, output, signal }: Context): Promise<number> {
  const { state, receipt: envelope } = await client.call<Erasure>(`/v1/erasures/${id}`, signal);
  if (!envelope) throw new Error(`This erasure is ${state}, so it has no receipt yet. Ask again shortly.`);
  output.json(envelope);
  return 0;
}
