import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { routesTo } from "../helpers/gateway-process.ts";
import { type Behaviour, DONE, delta, finish, mockUpstream } from "../helpers/mock-upstream.ts";
import { type Balancer, balancer } from "./balancer.ts";
import { crowd } from "./crowd.ts";
import { ingested } from "./ingested.ts";
import { until } from "./kubectl.ts";
import { type PodProcess, podProcess } from "./pod-process.ts";

const STREAMS = 100;
const PODS = 2;
/** How long it takes until everybody has heard that a pod leaves; `preStop` is longer, as in the manifests. */
const [PROPAGATION_MS, PRE_STOP_MS] = [500, 2000];
/** As in the manifests. */
const CAIRN_LEAVE_SECONDS = "15";

let closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

/** A stream of about six seconds. */
const paced: Behaviour = async (response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let at = 0; at < 30 && !response.destroyed; at++) {
    response.write(delta(at === 0 ? "The gateway listens on port 8081 [1]. " : `${at} `));
    await sleep(200);
  }
  response.end(finish("stop") + DONE);
};

/** What a Deployment does with maxUnavailable 0 and maxSurge 1: a new pod first, then an old one goes. */
async function update(
  pods: readonly PodProcess[],
  start: () => Promise<PodProcess>,
  service: Balancer,
): Promise<(number | null)[]> {
  const codes: (number | null)[] = [];
  for (const old of pods) {
    const next = await start();
    service.add(next);
    await until("the new pod is ready", () => service.isReady(next), Boolean);
    const gone = sleep(PROPAGATION_MS).then(() => service.remove(old));
    await sleep(PRE_STOP_MS);
    codes.push(await old.terminate());
    await gone;
  }
  return codes;
}

async function rollUnderLoad(model: "chat" | "cairn", start: () => Promise<PodProcess>): Promise<void> {
  const service = await balancer();
  closing.push(service.close);
  const started: PodProcess[] = [];
  const startOne = async (): Promise<PodProcess> => {
    const pod = await start();
    started.push(pod);
    closing.push(pod.kill);
    return pod;
  };
  const pods: PodProcess[] = [];
  for (let at = 0; at < PODS; at++) pods.push(await startOne());
  for (const pod of pods) service.add(pod);
  await until("both are ready", () => pods.every(service.isReady), Boolean);

  const people = crowd(service.url, model, () => STREAMS);
  await until(
    "all streams are open",
    () => people.running,
    (seen) => seen === STREAMS,
  );
  await sleep(1500);
  const codes = await update(pods, startOne, service);
  await people.leave();

  expect(people.failures.slice(0, 3)).toEqual([]);
  expect(service.refused()).toBe(0);
  expect(codes).toEqual(pods.map(() => 0));
  // Streams that began with the old pods, and streams of the new ones.
  expect(people.answered).toBeGreaterThan(STREAMS);
  expect(started).toHaveLength(2 * PODS);
}

test(`a rolling update of the gateway with ${STREAMS} open streams drops none`, async () => {
  const upstream = await mockUpstream(paced);
  closing.push(upstream.close);
  const folder = mkdtempSync(join(tmpdir(), "cairn-rolling-"));
  closing.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "routes.yaml"), routesTo(upstream.baseUrl, "max_concurrent: 512"));
  const env = { CAIRN_GATEWAY_ROUTES: join(folder, "routes.yaml"), CAIRN_LEAVE_SECONDS };
  await rollUnderLoad("chat", () => podProcess("services/gateway/main.ts", "CAIRN_GATEWAY_PORT", env));
});

test(`a rolling update of the retrieval API with ${STREAMS} open streams drops none`, async () => {
  const upstream = await mockUpstream(paced);
  closing.push(upstream.close);
  const data = await ingested({ "ports.md": "# Ports\n\nThe gateway listens on port 8081.\n" });
  closing.push(data.remove);
  writeFileSync(join(data.folder, "routes.yaml"), routesTo(upstream.baseUrl, "max_concurrent: 512"));
  const gateway = await podProcess("services/gateway/main.ts", "CAIRN_GATEWAY_PORT", {
    CAIRN_GATEWAY_ROUTES: join(data.folder, "routes.yaml"),
  });
  closing.push(gateway.kill);
  const env = { CAIRN_DATA: data.folder, CAIRN_GATEWAY_URL: `http://127.0.0.1:${gateway.port}`, CAIRN_LEAVE_SECONDS };
  await rollUnderLoad("cairn", () => podProcess("services/retrieval-api/main.ts", "CAIRN_PORT", env));
});
