import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { jsonLog } from "#shared/log.ts";
import { gatewayGenerate } from "../../services/retrieval-api/answer/generate.ts";
import { renderPrompt } from "../../services/retrieval-api/answer/prompt.ts";
import { testGateway } from "../helpers/gateway.ts";
import { delta, finish, resets, streams } from "../helpers/mock-upstream.ts";

const SETTINGS = { model: "chat", temperature: 0, max_tokens: 200 };
const CALL = { body: { stream: true }, headers: {}, closedAt: undefined };
const CALLER = { tenant: "acme", conversationId: "0190-conversation", withoutModels: new Set<string>() };

/** All events of a gateway that answers as the test says; rejects as generation does. */
async function askOf(listener: RequestListener, caller = CALLER, signal = AbortSignal.timeout(5000)) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Array.fromAsync(gatewayGenerate(url)([], SETTINGS, caller, signal)).finally(() => {
    server.closeAllConnections();
    server.close();
  });
}
const says =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(JSON.stringify({ error: { message: "A sentence." } }));

test("the rendered prompt is answered by the embedded model, with its marker", async () => {
  const { url, close } = await testGateway(undefined);
  try {
    const ids = { documentId: "d", versionId: "v", title: "Limits" };
    const text = "A file may be at most 50 MB. Costs $& more.";
    const chunk = { id: "c", ...ids, headingPath: ["Uploads"], page: undefined, start: 0, end: 42, text };
    const document = { ...ids, uri: "u", collection: "default", salt: "", textCommitment: "", current: true };
    const evidence = [{ chunk, score: 1, ranks: { lexical: 1 }, document }];
    const messages = renderPrompt("Answer from evidence.", [], evidence, "How large may a file be at most?");
    const events = await Array.fromAsync(
      gatewayGenerate(url.replace(/\/v1$/, ""))(messages, SETTINGS, CALLER, AbortSignal.timeout(5000)),
    );
    const answer = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
    expect(answer).toContain("A file may be at most 50 MB. [1]");
    expect(events[0]).toMatchObject({ type: "model", servedBy: { model: "cairn-extractive", attempts: 1 } });
    expect(events.at(-1)).toMatchObject({ type: "end", finishReason: "stop" });
  } finally {
    await close();
  }
});

test("a gateway that cannot be reached is an error that may be retried", async () => {
  const nobody = gatewayGenerate("http://127.0.0.1:9")([], SETTINGS, CALLER, AbortSignal.timeout(5000));
  await expect(nobody.next()).rejects.toMatchObject({ code: "unavailable", retryable: true });
});

describe("what the gateway refuses keeps its meaning", () => {
  test.for([
    [400, "invalid_request", false],
    [404, "model_not_found", false],
    [429, "rate_limited", true],
    [500, "upstream_failed", true],
    [502, "upstream_failed", true],
    [503, "unavailable", true],
    [504, "upstream_timeout", true],
  ] as const)("%d is %s, worth a retry: %s", async ([status, code, retryable]) => {
    await expect(askOf(says(status))).rejects.toMatchObject({ code, retryable, message: "A sentence." });
  });

  test.for([429, 503])("%d says when to come back, as the gateway said", async (status) => {
    const refused = askOf(says(status, { "retry-after": "30" }));
    await expect(refused).rejects.toMatchObject({ retryAfterSeconds: 30 });
    await expect(askOf(says(status))).rejects.toMatchObject({ retryAfterSeconds: undefined });
  });
});

describe("a stream that breaks", () => {
  const BROKEN: [what: string, listener: RequestListener][] = [
    ["a lost connection", (_request, response) => void resets(delta("SECRET "))(response, CALL)],
    ["half an event", (_request, response) => void streams('data: {"choices":[{"SECRET\n\n')(response, CALL)],
    ["no end", (_request, response) => void streams(delta("SECRET"))(response, CALL)],
  ];
  test.for(BROKEN)("by %s is the upstream's failure, and the log holds none of its words", async ([, listener]) => {
    const error: unknown = await askOf(listener).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "upstream_failed", retryable: true });
    const lines: string[] = [];
    jsonLog("test", (line) => lines.push(line)).error("unexpected", error);
    expect(lines.join()).not.toContain("SECRET");
  });

  test("because the reader left is not the upstream's failure", async () => {
    const left = new AbortController();
    const reading = askOf(
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).write(delta("The "));
        void sleep(50).then(() => left.abort());
      },
      CALLER,
      left.signal,
    );
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
  });
});

test.for([
  ["acme", /^acme$/],
  ["acme@corp", /^sha256-[0-9a-f]{32}$/],
  ["a".repeat(128), /^sha256-[0-9a-f]{32}$/],
] as const)("the gateway learns for which tenant and conversation a model is asked: %s", async ([tenant, named]) => {
  const seen: (string | string[] | undefined)[] = [];
  await askOf(
    (request, response) => {
      seen.push(request.headers["x-cairn-tenant"], request.headers["x-cairn-conversation"]);
      void streams(finish("stop"))(response, CALL);
    },
    { ...CALLER, tenant },
  );
  expect(seen).toEqual([expect.stringMatching(named), CALLER.conversationId]);
});
