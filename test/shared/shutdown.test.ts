import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";

const SHARED = join(import.meta.dirname, "../../services/shared");

/** A process with one stop that ends when the work is cut off, or on its own after `worksMs`. */
async function endOf(worksMs: number, drainMs: number, signals: number): Promise<{ code: number; said: string[] }> {
  const source = `
    import { onShutdown } from ${JSON.stringify(join(SHARED, "shutdown.ts"))};
    import { silentLog } from ${JSON.stringify(join(SHARED, "log.ts"))};
    const say = (word) => console.log(word);
    const work = Promise.withResolvers();
    const run = async () => {
      setTimeout(() => work.resolve(), ${worksMs});
      await work.promise;
      say("stopped");
    };
    const cut = () => { say("cut"); setTimeout(() => { say("saved"); work.resolve(); }, 50); };
    onShutdown(silentLog, () => say("drain"), [{ name: "work", run }], cut, ${drainMs});
    setInterval(() => {}, 1000);
    say("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await once(child.stdout, "data");
  for (let i = 0; i < signals; i++) {
    child.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const [code] = (await exit) as [number];
  return { code, said: said.trim().split("\n") };
}

test("work that ends in time is not cut off", async () => {
  expect(await endOf(200, 60_000, 1)).toEqual({ code: 0, said: ["ready", "drain", "stopped"] });
});

test("work that does not end is cut off while its records can still be saved", async () => {
  expect(await endOf(60_000, 5300, 1)).toEqual({ code: 1, said: ["ready", "drain", "cut", "saved", "stopped"] });
});

test("a second signal cuts off at once, and saves too", async () => {
  expect(await endOf(60_000, 60_000, 2)).toEqual({ code: 130, said: ["ready", "drain", "cut", "saved", "stopped"] });
});
