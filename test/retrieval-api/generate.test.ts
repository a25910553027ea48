import { expect, test } from "vitest";
import { mountGateway } from "../../services/gateway/app.ts";
import { defaultRoutes } from "../../services/gateway/routing/default-routes.ts";
import { gatewayGenerate } from "../../services/retrieval-api/answer/generate.ts";
import { renderPrompt } from "../../services/retrieval-api/answer/prompt.ts";
import { silentLog } from "../../services/shared/log.ts";
import { createServer } from "../../services/shared/server.ts";
import { createMetrics } from "../../services/shared/telemetry.ts";

const SETTINGS = { model: "chat", temperature: 0, max_tokens: 200 };

async function withGateway(work: (url: string) => Promise<void>): Promise<void> {
  const metrics = createMetrics();
  const server = createServer({ service: "gateway", version: "test", log: silentLog, metrics });
  server.register(async () =>
    mountGateway(server, { routes: defaultRoutes({}), metrics, log: silentLog, now: Date.now }),
  );
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  await work(url).finally(() => server.close());
}

test("the rendered prompt is answered by the embedded model, with its marker", async () => {
  await withGateway(async (url) => {
    const ids = { documentId: "d", versionId: "v", title: "Limits" };
    const text = "A file may be at most 50 MB. Costs $& more.";
    const chunk = { id: "c", ...ids, headingPath: ["Uploads"], page: undefined, start: 0, end: 42, text };
    const document = { ...ids, uri: "u", collection: "default", salt: "", textCommitment: "", current: true };
    const evidence = [{ chunk, score: 1, ranks: { lexical: 1 }, document }];
    const messages = renderPrompt("Answer from evidence.", [], evidence, "How large may a file be at most?");
    const events = await Array.fromAsync(gatewayGenerate(url)(messages, SETTINGS, AbortSignal.timeout(5000)));
    const answer = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
    expect(answer).toContain("A file may be at most 50 MB. [1]");
    expect(events[0]).toMatchObject({ type: "model", model: "cairn-extractive", attempts: 1 });
    expect(events.at(-1)).toMatchObject({ type: "end", finishReason: "stop" });
  });
});

test("a gateway that cannot be reached is an error that may be retried", async () => {
  const nobody = gatewayGenerate("http://127.0.0.1:9")([], SETTINGS, AbortSignal.timeout(5000));
  await expect(nobody.next()).rejects.toMatchObject({ code: "unavailable", retryable: true });
});
