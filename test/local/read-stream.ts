import { commitment } from "#shared/digest.ts";
import type { Completion, LocalApp } from "../helpers/local.ts";

export type Streamed = { text: string; done: boolean; error: { code: string; message: string } | undefined };
type Event = Partial<Completion> & {
  choices?: { delta?: { content?: string } }[];
  error?: { code: string; message: string };
};

/** Reads an event stream, and stops after `until` says so of the text so far. */
export async function readStream(response: Response, until: (text: string) => boolean = () => false) {
  const streamed: Streamed & { last: Event | undefined } = { text: "", done: false, error: undefined, last: undefined };
  let rest = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split("\n\n");
    rest = events.pop()!;
    for (const event of events) {
      if (event === "data: [DONE]") streamed.done = true;
      if (!event.startsWith("data: {")) continue;
      streamed.last = JSON.parse(event.slice(6)) as Event;
      streamed.text += streamed.last.choices?.[0]?.delta?.content ?? "";
      streamed.error ??= streamed.last.error;
    }
    if (until(streamed.text)) break;
  }
  return streamed;
}

type Row = { id: string; outcome: string; content: string; salts: string; record: string; citations: string };
type Statement = { subject: { digest: { sha256: string } }[]; predicate: { outcome: string } };

/** What was kept of an answer, and whether its record commits to exactly the kept text. */
export async function keptOf(app: LocalApp, id: string) {
  const row = await app.db.get<Row>(
    "select a.*, l.record from answer a join lineage_record l on l.answer_id = a.id where a.id = $1",
    [id],
  );
  if (!row) return undefined;
  const { subject, predicate } = JSON.parse(row.record) as Statement;
  const { answer } = JSON.parse(row.salts) as { answer: string };
  const commits = (text: string): boolean => subject[0]!.digest.sha256 === commitment(answer, text);
  return { outcome: row.outcome, recorded: predicate.outcome, content: row.content, commits };
}

/** The three numbers that must be one: answers counted, records counted, records kept. */
export async function tally(app: LocalApp): Promise<number[]> {
  const { total, records } = await app.counts();
  const kept = await app.db.get<{ n: number }>("select count(*) as n from lineage_record");
  return [total, records, Number(kept?.n)];
}
