import { VERSION } from "#shared/version.ts";
import { ApiError, createClient, NoAnswerError, type ServerSettings } from "./client.ts";
import { type Command, UsageError } from "./command.ts";
import { ask } from "./commands/ask.ts";
import { documents } from "./commands/documents.ts";
import { erase } from "./commands/erase.ts";
import { evaluate } from "./commands/eval.ts";
import { ingest } from "./commands/ingest.ts";
import { jobs } from "./commands/jobs.ts";
import { keys } from "./commands/keys.ts";
import { lineage } from "./commands/lineage.ts";
import { recall } from "./commands/recall.ts";
import { reconcile } from "./commands/reconcile.ts";
import { reindex } from "./commands/reindex.ts";
import { release } from "./commands/release.ts";
import { replay } from "./commands/replay.ts";
import { search } from "./commands/search.ts";
import { source } from "./commands/source.ts";
import { status } from "./commands/status.ts";
import { verify } from "./commands/verify.ts";
import { nearest } from "./nearest.ts";
import { createOutput, type Output, type Stream } from "./output.ts";

const COMMANDS: readonly Command[] = [
  ask,
  search,
  ingest,
  source,
  status,
  documents,
  lineage,
  verify,
  replay,
  recall,
  erase,
  release,
  evaluate,
  jobs,
  keys,
  reindex,
  reconcile,
];
const FAILED = 1;
const MISUSED = 2;
const INTERRUPTED = 130;

const HELP = `Usage: ./cairn COMMAND [OPTIONS]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join("\n")}

  --help     help on a command: ./cairn ask --help
  --json     print one JSON document instead of text
  --version  print the version

CAIRN_URL is the server to talk to (http://127.0.0.1:8080), CAIRN_KEY the API key to send.`;

/**
 * Runs one command. Resolves to the exit code: 0, 1 failed, 2 wrong call, 3 no answer found, 10 and above what did not
 * verify, 130 interrupted.
 */
export async function run(
  argv: readonly string[],
  settings: ServerSettings,
  stdout: Stream,
  stderr: Stream,
  signal: AbortSignal,
): Promise<number> {
  const output = createOutput(stdout, stderr);
  const flags = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length);
  const json = flags.includes("--json");
  const wantsHelp = flags.includes("--help") || flags.includes("-h");
  const words = argv[0] === "help" ? argv.slice(1) : argv;
  const at = words.findIndex((word) => !word.startsWith("-"));
  const name = words[at];
  const command = COMMANDS.find((one) => one.name === name);
  try {
    if (name === undefined) {
      const [unknown] = flags.filter((flag) => !["--help", "-h", "--json", "--version", "-v", "help"].includes(flag));
      if (unknown !== undefined) throw new UsageError(`There is no option ${unknown} without a command.`);
      const version = flags.includes("--version") || flags.includes("-v");
      if (version) json ? output.json({ version: VERSION }) : output.line(VERSION);
      else json ? output.json({ help: HELP }) : output.line(HELP);
      return 0;
    }
    if (!command) throw new UsageError(unknownCommand(name));
    if (wantsHelp || argv[0] === "help") {
      json ? output.json({ help: command.help }) : output.line(command.help);
      return 0;
    }
    const context = { client: createClient(settings), output, json, signal };
    return await command.run(words.toSpliced(at, 1), context);
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    return report(error, command, output, json);
  }
}

function unknownCommand(name: string): string {
  const similar = nearest(
    name,
    COMMANDS.map((command) => command.name),
  );
  return `There is no command "${name}".${similar ? ` Did you mean "${similar}"?` : ""}`;
}

function report(error: unknown, command: Command | undefined, output: Output, json: boolean): number {
  const fail = (exit: number, lines: readonly string[], body: object): number => {
    for (const line of lines) output.note(line);
    if (json) output.json({ error: body });
    return exit;
  };
  if (error instanceof UsageError) {
    const [usage] = (command?.help ?? HELP).split("\n\n");
    const more = command ? `./cairn ${command.name} --help` : "./cairn --help";
    return fail(MISUSED, [error.message, usage!, `More: ${more}`], { code: "usage", message: error.message });
  }
  if (error instanceof ApiError) {
    const { code, message, requestId } = error;
    const hint = code === "unauthenticated" ? ["Set CAIRN_KEY to a valid API key."] : [];
    const origin = `  code: ${code}${requestId ? `, request id: ${requestId}` : ""}`;
    return fail(FAILED, [message, ...hint, origin], { code, message, request_id: requestId ?? null });
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof NoAnswerError ? error.code : "failed";
  return fail(FAILED, [message], { code, message });
}
