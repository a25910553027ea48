import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { watchRouteFile } from "../../services/gateway/route-file/watch-route-file.ts";

/** Longer than the polling of a second and the settling after it. */
const longEnoughMs = 2_500;
const never = 1_000_000;
const patient = { timeout: 15_000, interval: 20 };

const file = (alias: string): string =>
  `upstreams: { a: { base_url: http://a/v1 } }\nmodels: { ${alias}: { tiers: [[a]] } }\n`;

const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanup.splice(0).reverse()) clean();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "routes-"));
  cleanup.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What the watcher has told so far: the aliases of a table, or the message of a failure. */
function watching(path: string, pollMs?: number): { heard: string[]; close(): void } {
  const heard: string[] = [];
  const { close } = watchRouteFile(path, {
    env: {},
    onTable: ({ models }) => heard.push([...models.keys()].join()),
    onFailure: (message) => heard.push(`failure: ${message}`),
    ...(pollMs === undefined ? {} : { pollMs }),
  });
  cleanup.push(close);
  return { heard, close };
}

test("the first table is there when the call returns, and a change is heard of once", async () => {
  const path = join(folder(), "routes.yaml");
  writeFileSync(path, file("one"));
  const { heard } = watching(path, never);
  expect(heard).toEqual(["one"]);
  writeFileSync(path, file("two"));
  await vi.waitFor(() => expect(heard).toEqual(["one", "two"]), patient);
  await sleep(500);
  expect(heard).toEqual(["one", "two"]);
});

test("a content that stays the same is not heard of, whatever happens to the file", async () => {
  const dir = folder();
  const path = join(dir, "routes.yaml");
  writeFileSync(path, file("one"));
  const { heard } = watching(path);
  writeFileSync(path, file("one"));
  writeFileSync(join(dir, "new"), file("one"));
  renameSync(join(dir, "new"), path);
  writeFileSync(join(dir, "other.yaml"), file("two"));
  await sleep(longEnoughMs);
  expect(heard).toEqual(["one"]);
});

test("an editor that puts a new file in the old one's place is noticed, again and again", async () => {
  const dir = folder();
  const path = join(dir, "routes.yaml");
  writeFileSync(path, file("m0"));
  const { heard } = watching(path, never);
  for (const alias of ["m1", "m2", "m3"]) {
    renameSync(path, join(dir, "backup~"));
    writeFileSync(join(dir, ".swap"), file(alias));
    renameSync(join(dir, ".swap"), path);
    await vi.waitFor(() => expect(heard.at(-1)).toBe(alias), patient);
  }
  expect(heard).toEqual(["m0", "m1", "m2", "m3"]);
});

test("a ConfigMap is noticed when Kubernetes swaps its symlink", async () => {
  const dir = folder();
  const publish = (version: string, alias: string): void => {
    mkdirSync(join(dir, `..${version}`));
    writeFileSync(join(dir, `..${version}`, "routes.yaml"), file(alias));
    symlinkSync(`..${version}`, join(dir, "..data_tmp"));
    renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
  };
  publish("2025_01", "one");
  symlinkSync(join("..data", "routes.yaml"), join(dir, "routes.yaml"));
  const { heard } = watching(join(dir, "routes.yaml"), never);
  publish("2025_02", "two");
  rmSync(join(dir, "..2025_01"), { recursive: true });
  await vi.waitFor(() => expect(heard).toEqual(["one", "two"]), patient);
});

test("polling notices what no event of the folder tells", async () => {
  const [here, elsewhere] = [folder(), folder()];
  writeFileSync(join(elsewhere, "routes.yaml"), file("one"));
  symlinkSync(join(elsewhere, "routes.yaml"), join(here, "routes.yaml"));
  const { heard } = watching(join(here, "routes.yaml"));
  writeFileSync(join(elsewhere, "routes.yaml"), file("two"));
  await vi.waitFor(() => expect(heard).toEqual(["one", "two"]), patient);
});

test("a file that comes with its folder later is noticed", async () => {
  const path = join(folder(), "later", "routes.yaml");
  const { heard } = watching(path);
  expect(heard).toEqual([expect.stringMatching(/^failure: The route file .* cannot be read: ENOENT/)]);
  mkdirSync(join(path, ".."));
  writeFileSync(path, file("one"));
  await vi.waitFor(() => expect(heard.slice(1)).toEqual(["one"]), patient);
});

test("a bad and a missing file are told once each, and the return of the good one is too", async () => {
  const path = join(folder(), "routes.yaml");
  writeFileSync(path, file("one"));
  const { heard } = watching(path);
  writeFileSync(path, "models: {}");
  await vi.waitFor(() => expect(heard[1]).toMatch(/^failure: Invalid route file:\n {2}/), patient);
  await sleep(longEnoughMs);
  rmSync(path);
  await vi.waitFor(() => expect(heard[2]).toContain("cannot be read: ENOENT"), patient);
  await sleep(longEnoughMs);
  writeFileSync(path, Buffer.from([0xff, 0xfe, 0x41]));
  await vi.waitFor(() => expect(heard[3]).toContain("is not UTF-8"), patient);
  writeFileSync(path, file("one"));
  await vi.waitFor(() => expect(heard[4]).toBe("one"), patient);
  expect(heard).toHaveLength(5);
});

test("a file that is being written is not read by halves", async () => {
  const path = join(folder(), "routes.yaml");
  writeFileSync(path, file("m0"));
  const { heard } = watching(path);
  for (let i = 0; i < 40; i++) {
    writeFileSync(path, file(`m${i}`).slice(0, 40 + i));
    await sleep(10);
  }
  writeFileSync(path, file("done"));
  await vi.waitFor(() => expect(heard.at(-1)).toBe("done"), patient);
  expect(heard).toEqual(["m0", "done"]);
});

test("a table that cannot be put to use is a failure, and the next one is still heard of", async () => {
  const path = join(folder(), "routes.yaml");
  writeFileSync(path, file("one"));
  const heard: string[] = [];
  const { close } = watchRouteFile(path, {
    env: {},
    onTable: ({ models }) => {
      if (models.has("one")) throw new Error("no room");
      heard.push("table");
    },
    onFailure: (message) => heard.push(message),
  });
  cleanup.push(close);
  expect(heard).toEqual(["no room"]);
  writeFileSync(path, file("two"));
  await vi.waitFor(() => expect(heard).toEqual(["no room", "table"]), patient);
});

/** What the kernel watches for this process; handles that hold no process alive are in no list of Node's. */
function watchedFolders(): number {
  if (process.platform !== "linux") return 0;
  const infos = readdirSync("/proc/self/fdinfo").flatMap((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").split("\n");
    } catch {
      // The descriptor that read the folder itself is closed by now.
      return [];
    }
  });
  return infos.filter((line) => line.startsWith("inotify wd:")).length;
}

test("after close nothing is heard of, and neither a timer nor a watcher is left", async () => {
  const before = watchedFolders();
  const [set, cleared] = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "clearTimeout")];
  cleanup.push(() => vi.restoreAllMocks());
  const paths = Array.from({ length: 5 }, () => join(folder(), "routes.yaml"));
  for (const path of paths) writeFileSync(path, file("one"));
  const watchers = paths.map((path) => watching(path, never));
  const timers = (): unknown[] =>
    set.mock.results.filter((_, index) => set.mock.calls[index]![1] === never).map(({ value }) => value);
  await vi.waitFor(() => expect(new Set(timers()).size).toBeGreaterThanOrEqual(5), patient);
  if (process.platform === "linux") expect(watchedFolders()).toBe(before + 5);

  for (const { close } of watchers) close();
  for (const path of paths) writeFileSync(path, file("two"));
  await sleep(longEnoughMs);
  for (const { heard } of watchers) expect(heard).toEqual(["one"]);
  expect(watchedFolders()).toBe(before);
  const stopped = new Set(cleared.mock.calls.map(([timer]) => timer as unknown));
  expect(timers().filter((timer) => !stopped.has(timer))).toEqual([]);
});
