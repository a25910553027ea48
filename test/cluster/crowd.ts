import { Agent } from "undici";

/**
 * People who ask one question after the other: as many at once as `want` says at that moment. Their connections are
 * kept and used again, as a browser and the retrieval API do.
 */
export function crowd(url: string, model: "chat" | "cairn", want: () => number) {
  const agent = new Agent({ connections: null, headersTimeout: 120_000, bodyTimeout: 120_000 });
  const failures: string[] = [];
  let [running, answered, stopped] = [0, 0, false];

  async function ask(): Promise<void> {
    running += 1;
    try {
      const answer = await agent.request({
        origin: new URL(url).origin,
        path: "/v1/chat/completions",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model,
          stream: true,
          messages: [{ role: "user", content: "Which port does the gateway listen on?" }],
        }),
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200 || !text.includes("[DONE]"))
        failures.push(`${answer.statusCode} ${text.slice(-200)}`);
      answered += 1;
    } catch (error) {
      failures.push(String(error));
    } finally {
      running -= 1;
    }
  }
  const timer = setInterval(() => {
    while (!stopped && running < want()) void ask();
  }, 20);
  return {
    failures,
    get running() {
      return running;
    },
    get answered() {
      return answered;
    },
    async leave(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      while (running > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      await agent.close();
    },
  };
}
