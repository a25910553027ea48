import { type LocalApp, openLocal } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream } from "../helpers/mock-upstream.ts";
import { LONG_ANSWERS } from "./long-answers.ts";

export const QUESTION = "How hot is green tea steeped?";
/** Pieces between two rests of the model: more than a reader sees come, less than a socket holds. */
const PIECES_AT_ONCE = 100;
const REST_MS = 5;

export type LongApp = {
  readonly app: LocalApp;
  /** What the model says from now on, in pieces. */
  say(pieces: readonly string[]): void;
  /** A conversation of as many messages, whose every answer is the same long one. Resolves to its id. */
  conversation(messages: number): Promise<string>;
  documents(count: number): Promise<void>;
  close(): Promise<void>;
};

/** The application with a model that says what it is told to, and with more in it than one wants to read. */
export async function openLongApp(): Promise<LongApp> {
  let says: readonly string[] = [];
  const upstream: MockUpstream = await mockUpstream(async (response, call) => {
    if (!call.body.stream) {
      const message = { role: "assistant", content: says.join("") };
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: "stop" }] }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const [i, piece] of says.entries()) {
      if (!response.write(delta(piece))) await new Promise((resolve) => response.once("drain", resolve));
      if (i % PIECES_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
    response.end(finish("stop") + DONE);
  });
  const files = { "tea.md": "# Tea\n\nGreen tea is steeped at 80 degrees.\n" };
  const app = await openLocal({ modelUrl: upstream.baseUrl, files });

  async function conversation(messages: number): Promise<string> {
    says = ["Green tea is steeped at 80 degrees. [1]\n\n", ...LONG_ANSWERS.everything!.slice(0, 300)];
    const { lineage } = await app.ask(QUESTION);
    const id = crypto.randomUUID();
    await app.db.transaction(async (sql) => {
      const now = Date.now();
      await sql.run(
        "insert into conversation (id, tenant, subject, title, created_at, updated_at) values ($1, 'local', 'admin', 'long', $2, $2)",
        [id, now],
      );
      for (let i = 1; i <= messages; i++) {
        const [role, text, answer] = i % 2 === 1 ? ["user", `Question ${i}?`, null] : ["assistant", "", lineage.id];
        await sql.run(
          "insert into message (id, conversation_id, position, role, content, answer_id, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
          [`${id}:${i}`, id, i, role!, text!, answer!, now],
        );
      }
    });
    return id;
  }

  const documents = (count: number): Promise<void> =>
    app.db.transaction(async (sql) => {
      for (let i = 0; i < count; i++) {
        await sql.run(
          `insert into document (id, tenant, collection, uri, title, acl, created_by, created_at, updated_at, latest_seq, current_version)
           values ($1, 'local', 'default', $2, $3, '["tenant"]', 'admin', $4, $4, 1, $1)`,
          [`doc-${i}`, `many/${i}.md`, `Document ${i}`, i],
        );
      }
    });

  return {
    app,
    say: (pieces) => {
      says = pieces;
    },
    conversation,
    documents,
    close: async () => {
      await app.close();
      await upstream.close();
    },
  };
}
