/** Which methods are served where, so that a wrong one can be told from a wrong address (RFC 9110, 15.5.6). */
export function createRouteMethods() {
  const routes: { readonly path: RegExp; readonly method: string }[] = [];
  return {
    /** `pattern` as Fastify has it: `:name` is one part of a path, `*` any number of them. */
    add(pattern: string, method: string): void {
      const parts = pattern.split("/").map((part) => {
        if (part.startsWith(":")) return "[^/]+";
        return part === "*" ? ".*" : part.replaceAll(/[^\w-]/g, String.raw`\$&`);
      });
      routes.push({ path: new RegExp(`^${parts.join("/")}$`), method });
    },
    /** In order of the alphabet; none where nothing is served. */
    at(path: string): string[] {
      return [...new Set(routes.filter((route) => route.path.test(path)).map(({ method }) => method))].sort();
    },
  };
}
