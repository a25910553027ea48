import { SCOPES } from "#shared/principal.ts";
import { type Command, type Context, idOf, listOf, parseFlags, UsageError } from "../command.ts";
import { oneLine } from "../printable.ts";
import { rotateSigning } from "./rotate-signing.ts";

const MAX_DAYS = 3650;
const OPTIONS = {
  subject: { type: "string" },
  tenant: { type: "string" },
  scopes: { type: "string" },
  groups: { type: "string" },
  expires: { type: "string" },
} as const;
const SIGNING_OPTIONS = { file: { type: "string" } } as const;

type Key = {
  readonly id: string;
  readonly tenant: string;
  readonly subject: string;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  readonly expires_at: string | null;
};
type NewKey = Key & { readonly key: string };
type ListedKey = Key & { readonly created_at: string; readonly revoked_at: string | null };

export const keys: Command = {
  name: "keys",
  summary: "create, list or revoke API keys",
  help: `Usage: ./cairn keys create --subject NAME [--tenant NAME] [--scopes chat,ingest] [--groups a,b] [--expires 30d]
       ./cairn keys list [--json]
       ./cairn keys revoke ID [--json]
       ./cairn keys rotate-signing [--file FILE] [--json]

create   prints a new key, once: it cannot be shown again
list     the keys of your tenant (of all tenants for the operator), without their secrets
revoke   ends a key, from its next request on
rotate-signing
         makes a new key to sign records with, on the server, or in a file that the server will be given

  --subject NAME    whom the key stands for
  --tenant NAME     the tenant of the key (yours)
  --scopes LIST     what it allows: ${SCOPES.join(", ")} (chat)
  --groups LIST     the groups whose documents it may read (none)
  --expires DAYSd   when it ends, 1d to ${MAX_DAYS}d (never)
  --file FILE       where the signing keys are; made when it is missing
  --json            print what the API returns

All of this needs a key with the scope "admin".`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, { ...OPTIONS, ...SIGNING_OPTIONS });
    const [action, ...rest] = positionals;
    if (action !== "create") {
      const misplaced = Object.keys(values).find((name) => name in OPTIONS);
      if (misplaced) throw new UsageError(`--${misplaced} belongs to "keys create".`);
    }
    if (action === "rotate-signing") {
      if (rest.length > 0) throw new UsageError('"keys rotate-signing" takes no arguments.');
      return rotateSigning(values.file, context);
    }
    if (values.file !== undefined) throw new UsageError('--file belongs to "keys rotate-signing".');
    if (action === "create") {
      if (rest.length > 0) throw new UsageError(`"${rest[0]}" is not an option of "keys create".`);
      return create(values, context);
    }
    if (action === "revoke") return revoke(idOf(rest, "key"), context);
    if (action !== "list") throw new UsageError(action ? `There is no "keys ${action}".` : "Create, list or revoke?");
    if (rest.length > 0) throw new UsageError('"keys list" takes no arguments.');
    return list(context);
  },
};

type Values = { readonly [K in keyof typeof OPTIONS]?: string };

async function create(values: Values, { client, output, json, signal }: Context): Promise<number> {
  if (!values.subject) throw new UsageError("Whom does the key stand for? Give --subject NAME.");
  const scopes = listOf(values.scopes);
  const wrong = scopes?.find((scope) => !SCOPES.some((known) => known === scope));
  if (wrong !== undefined) throw new UsageError(`There is no scope "${wrong}". The scopes are ${SCOPES.join(", ")}.`);
  if (scopes?.length === 0) throw new UsageError("--scopes must name at least one scope.");
  const body = {
    subject: values.subject,
    tenant: values.tenant,
    scopes,
    groups: listOf(values.groups),
    expires_in_days: values.expires === undefined ? undefined : daysOf(values.expires),
  };
  const created = await client.call<NewKey>("/v1/keys", signal, { method: "POST", json: body });
  if (json) {
    output.json(created);
    return 0;
  }
  const groups = created.groups.length > 0 ? `, groups ${created.groups.join(", ")}` : "";
  const end = created.expires_at ? `until ${created.expires_at}` : "without an end";
  const what = `Key ${created.id} of ${created.subject}, tenant ${created.tenant}, scopes ${created.scopes.join(", ")}`;
  // On stdout stands the key alone, for KEY=$(./cairn keys create …).
  output.note(oneLine(`${what}${groups}, ${end}. Save it now: it is not shown again.`));
  output.line(oneLine(created.key));
  return 0;
}

function daysOf(text: string): number {
  const days = Number(/^(\d{1,4})d$/.exec(text)?.[1] ?? Number.NaN);
  if (days >= 1 && days <= MAX_DAYS) return days;
  throw new UsageError(`--expires must be a number of days such as 30d, at most ${MAX_DAYS}d, not "${text}".`);
}

async function list({ client, output, json, signal }: Context): Promise<number> {
  const found = await client.call<{ keys: readonly ListedKey[] }>("/v1/keys", signal);
  if (json) output.json(found);
  else for (const key of found.keys) output.line(lineOf(key));
  if (!json && found.keys.length === 0) output.note("Your tenant has no keys.");
  return 0;
}

function lineOf({ id, tenant, subject, scopes, groups, created_at, expires_at, revoked_at }: ListedKey): string {
  const end = revoked_at ? `revoked ${revoked_at}` : expires_at ? `until ${expires_at}` : "no end";
  const member = groups.length > 0 ? [`groups ${groups.join(",")}`] : [];
  return [id, tenant, subject, scopes.join(","), ...member, `created ${created_at}`, end].map(oneLine).join("  ");
}

async function revoke(id: string, { client, output, json, signal }: Context): Promise<number> {
  await client.call<undefined>(`/v1/keys/${id}`, signal, { method: "DELETE" });
  if (json) output.json({ id, revoked: true });
  else output.line(`Revoked ${id}: its next request is refused.`);
  return 0;
}
