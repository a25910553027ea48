import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A real repository in a temporary folder. */
export function gitRepository() {
  const path = join(mkdtempSync(join(tmpdir(), "cairn-git-")), "handbook");
  mkdirSync(path);
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", ...args], {
      cwd: path,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  git("init", "--quiet", "--initial-branch=main");
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  };
  return {
    path,
    git,
    write,
    /** Writes the files and commits all that there is; resolves to the commit. */
    commit(files: Readonly<Record<string, string>>): string {
      for (const [name, text] of Object.entries(files)) write(name, text);
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "--message", "change");
      return git("rev-parse", "HEAD");
    },
    /** As if the current commit had been pushed to the address. */
    publish(remote: string): void {
      git("config", "remote.origin.url", remote);
      git("update-ref", "refs/remotes/origin/main", "HEAD");
    },
    remove: () => rmSync(dirname(path), { recursive: true }),
  };
}
