import { join, resolve } from "node:path";
import { DELIVERY_SETTINGS, deliveryTargets } from "#shared/delivery-targets.ts";
import { diskUsedBy } from "#shared/disk-used.ts";
import { baseUrl, embeddings, headerKey, int, oneOf, optional, readEnv, str } from "#shared/env.ts";
import { firstKey } from "#shared/first-key.ts";
import { authenticateBy } from "#shared/identity.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";
import { measureProcess } from "#shared/lineage/measure.ts";
import { jsonLog } from "#shared/log.ts";
import { openState } from "#shared/open-state.ts";
import { startDeliveries } from "#shared/outbox.ts";
import { loadRelease } from "#shared/release.ts";
import { runMain } from "#shared/run-main.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { SOURCE_SETTINGS } from "#shared/source-settings.ts";
import { STATE_SETTINGS, s3AccessOf } from "#shared/state-settings.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { checkFolder } from "../../ingest/api/app.ts";
import { startLocal } from "./app.ts";
import { createProgressLine } from "./progress-line.ts";

const ROOT = join(import.meta.dirname, "../..");

async function main(): Promise<void> {
  const env = readEnv(
    {
      ...STATE_SETTINGS,
      ...SOURCE_SETTINGS,
      CAIRN_HOST: str("127.0.0.1"),
      CAIRN_PORT: int(1, 65535, 8080),
      CAIRN_GATEWAY_PORT: int(1, 65535, 8081),
      CAIRN_RELEASE: str(join(ROOT, "releases/default")),
      CAIRN_AUTH: oneOf(["open", "keys"], "open"),
      OPENAI_BASE_URL: baseUrl,
      OPENAI_API_KEY: headerKey,
      CAIRN_CHAT_MODEL: optional,
      CAIRN_EMBEDDINGS: embeddings,
      CAIRN_EMBED_MODEL: optional,
      CAIRN_SIGNING_KEYS: optional,
      CAIRN_CODE_DIGEST: optional,
      CAIRN_CODE_SOURCE: optional,
      ...DELIVERY_SETTINGS,
    },
    process.env,
  );
  const paths = await foldersOf(process.argv.slice(2));
  const log = jsonLog("local");
  const measured = measureProcess(ROOT, { codeDigest: env.CAIRN_CODE_DIGEST, codeSource: env.CAIRN_CODE_SOURCE });
  const targets = deliveryTargets(env);
  const state = await openState(env, log, "alone");
  const release = await loadRelease(env.CAIRN_RELEASE);
  const progress = createProgressLine(process.stdout);
  const authenticate = authenticateBy(env.CAIRN_AUTH, env.CAIRN_HOST, state.withKeys);
  const local = await startLocal(
    {
      host: env.CAIRN_HOST,
      port: env.CAIRN_PORT,
      gatewayPort: env.CAIRN_GATEWAY_PORT,
      open: env.CAIRN_AUTH === "open",
      reach: { ...env.CAIRN_SOURCES, blobs: env.CAIRN_BLOBS },
      s3: s3AccessOf(env),
      models: {
        openaiBaseUrl: env.OPENAI_BASE_URL,
        openaiApiKey: env.OPENAI_API_KEY,
        chatModel: env.CAIRN_CHAT_MODEL,
        embeddings: env.CAIRN_EMBEDDINGS,
        embedModel: env.CAIRN_EMBED_MODEL,
      },
    },
    {
      state,
      authenticate,
      release,
      ring: await openKeyRing(env.CAIRN_SIGNING_KEYS ?? join(env.CAIRN_DATA, "signing-keys.json")),
      parts: await measured,
      metrics: createMetrics(),
      log,
      onProgress: progress.update,
      diskUsed: diskUsedBy(env.CAIRN_DATA),
    },
  );
  const deliveries = startDeliveries(state.db, targets, log);
  onShutdown(
    log,
    local.drain,
    [
      { name: "local", run: local.stop },
      { name: "deliveries", run: deliveries.stop },
      { name: "state", run: state.close },
    ],
    local.cut,
  );

  const key = env.CAIRN_AUTH === "keys" ? await firstKey(state.db, state.pepper) : undefined;
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  say(`Cairn listens on ${local.address}`);
  if (key) say(`The first administrator's key, shown only now:\n  ${key}`);
  const changes = await local.takeIn(paths.length > 0 ? paths : [join(ROOT, "docs")]);
  progress.expect(changes.added + changes.changed);
  await local.worker.idle();
  progress.end();
  say(summary(changes, progress.failed()));
  say(
    `\nAsk it something, in English or Chinese:\n  ./cairn ask "${paths.length > 0 ? "…" : "How do I upload a document?"}"`,
  );
}

/** The folders to take in. Told before anything is started or taken in: one of them is wrong. */
async function foldersOf(args: readonly string[]): Promise<readonly string[]> {
  const option = args.find((arg) => arg.startsWith("-"));
  if (option)
    throw new Error(`There is no option ${option}. Usage: npm start [-- FOLDER…]; settings are in README.md.`);
  for (const path of args) await checkFolder(resolve(path));
  return args;
}

function summary(
  changes: Awaited<ReturnType<Awaited<ReturnType<typeof startLocal>>["takeIn"]>>,
  failed: number,
): string {
  const { added, changed, removed, unchanged, skipped, held } = changes;
  const parts = [`${added} added`, `${changed} changed`, `${removed} removed`, `${unchanged} unchanged`];
  if (skipped > 0) parts.push(`${skipped} skipped`);
  if (held > 0) parts.push(`${held} kept that are gone from their folder: see ./cairn source --help, --allow-removals`);
  if (failed > 0) parts.push(`${failed} could not be read: see ./cairn status`);
  return `Documents: ${parts.join(", ")}.`;
}

runMain(main);
