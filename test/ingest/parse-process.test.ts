import { existsSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { openParser, type Parser } from "../../ingest/parse/parse-process.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const never = () => new AbortController().signal;
/** Takes the Markdown parser far longer than any limit here. */
const slow = { bytes: bytesOf("![".repeat(500_000)), name: "slow.md" };
const quick = { bytes: bytesOf("# Head\n\nWords."), name: "quick.md" };

let parser: Parser | undefined;
afterEach(() => parser?.close());

function open(options: Parameters<typeof openParser>[0]): Parser {
  parser = openParser(options);
  return parser;
}

/** Only Linux tells which children a process has. */
const children = `/proc/${process.pid}/task/${process.pid}/children`;
const onLinux = existsSync(children);

function childPids(): number[] {
  const pids = readFileSync(children, "latin1").split(" ").filter(Boolean);
  return pids.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("parse-child")).map(Number);
}

describe("The parser process", () => {
  it("returns text and passages", async () => {
    const { parsed, passages } = await open({ workers: 1 }).parse(quick, never());
    expect(parsed).toEqual({ title: "Head", mediaType: "text/markdown", parser: "markdown/3", text: "Head\n\nWords." });
    expect(passages).toEqual([{ start: 6, end: 12, headingPath: ["Head"], page: undefined, text: "Words." }]);
  });

  it("passes on why a document cannot be read", async () => {
    const empty = open({ workers: 1 }).parse({ bytes: bytesOf(" "), name: "a.md" }, never());
    await expect(empty).rejects.toMatchObject({ name: "AppError", code: "unreadable_document" });
  });

  it("kills a document that takes too long, says so, and goes on with the next", async () => {
    const { parse } = open({ workers: 1, timeoutMs: 2_000 });
    const [first, second] = await Promise.allSettled([parse(slow, never()), parse(quick, never())]);
    expect(first).toMatchObject({
      reason: { code: "unreadable_document", message: expect.stringContaining("longer than 2 s") },
    });
    expect(second).toMatchObject({ value: { parsed: { title: "Head" } } });
  });

  it.runIf(onLinux)("kills a document that takes too much memory", async () => {
    const { parse } = open({ workers: 1, maxBytes: 20 * 1024 * 1024 });
    await expect(parse(slow, never())).rejects.toThrow(/too much memory/);
  });

  it("stops at once when the caller gives up, also while waiting", async () => {
    const { parse } = open({ workers: 1 });
    const caller = new AbortController();
    const both = Promise.allSettled([parse(slow, caller.signal), parse(slow, caller.signal)]);
    setTimeout(() => caller.abort(new Error("gone")), 300);
    for (const one of await both) expect(one).toMatchObject({ reason: { message: "gone" } });
    expect((await parse(quick, never())).parsed.title).toBe("Head");
  });

  it.runIf(onLinux)("survives the death of its child, idle or busy", async () => {
    const { parse } = open({ workers: 1 });
    await parse(quick, never());
    process.kill(childPids()[0]!, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await parse(quick, never())).parsed.title).toBe("Head");
    const busy = parse(slow, never());
    setTimeout(() => process.kill(childPids()[0]!, "SIGKILL"), 200);
    await expect(busy).rejects.toMatchObject({ code: "unavailable", retryable: true });
    expect((await parse(quick, never())).parsed.title).toBe("Head");
  });

  it.runIf(onLinux)("gives its child nothing of the environment", async () => {
    process.env.CAIRN_TEST_SECRET = "secret";
    await open({ workers: 1 }).parse(quick, never());
    expect(readFileSync(`/proc/${childPids()[0]}/environ`, "latin1")).not.toContain("secret");
    delete process.env.CAIRN_TEST_SECRET;
  });

  it.runIf(onLinux)("leaves no child behind when it is closed", async () => {
    const { parse, close } = open({ workers: 2 });
    await Promise.all([parse(quick, never()), parse(quick, never())]);
    expect(childPids()).toHaveLength(2);
    await close();
    expect(childPids()).toHaveLength(0);
    await expect(parse(quick, never())).rejects.toMatchObject({ code: "unavailable" });
  });
});
