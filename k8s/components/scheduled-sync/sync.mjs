// Asks for a sync of every source of the key's tenant, and waits for each. One that fails does not keep the others from it.
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 1_000;
const [url, key] = [process.env.CAIRN_URL, process.env.CAIRN_KEY];

async function ask(method, path) {
  const response = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${key}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

for (const { id } of (await ask("GET", "/v1/sources")).sources) {
  try {
    const path = `/v1/sources/${encodeURIComponent(id)}`;
    let source = await ask("POST", `${path}/sync`);
    for (; source.state !== "idle"; source = await ask("GET", path)) await sleep(POLL_MS);
    if (source.problem) throw new Error(`${id}: ${source.problem.code} ${source.problem.message}`);
    const { added, changed, removed } = source.report;
    console.log(JSON.stringify({ source: id, added, changed, removed }));
  } catch (error) {
    console.error(String(error));
    process.exitCode = 1;
  }
}
