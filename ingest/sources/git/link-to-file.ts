/** Where known hosts show a file at a commit. */
const BLOB: Readonly<Record<string, string>> = {
  "github.com": "blob",
  "gitlab.com": "-/blob",
  "bitbucket.org": "src",
  "codeberg.org": "src/commit",
};

/**
 * How to make the https address of a file at a commit, from what the repository calls its remote:
 * `https://github.com/team/docs.git` or `git@github.com:team/docs.git`. `undefined` for hosts that are not known, whose
 * addresses would be guesses. Credentials in the remote are left out.
 */
export function linkToFile(remote: string, commit: string): ((path: string) => string) | undefined {
  const scp = /^[\w-]+@([\w.-]+):(?!\/\/)(.+)$/.exec(remote);
  const url = scp ? `ssh://${scp[1]}/${scp[2]}` : remote;
  if (!URL.canParse(url) || !/^(https|ssh):$/.test(new URL(url).protocol)) return undefined;
  const { hostname, pathname } = new URL(url);
  const kind = Object.hasOwn(BLOB, hostname) ? BLOB[hostname] : undefined;
  const project = pathname.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  if (kind === undefined || !/^[\w.-]+(\/[\w.-]+)+$/.test(project)) return undefined;
  return (path) =>
    `https://${hostname}/${project}/${kind}/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
}
