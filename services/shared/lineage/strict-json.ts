/**
 * JSON as two readers cannot understand differently: throws a `SyntaxError` for repeated keys, for `__proto__` as a key
 * and for half a surrogate pair, beside what `JSON.parse` throws for.
 */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // What comes now is well-formed, so that strings and brackets are all there is to look at.
  const open: (Set<string> | undefined)[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else checkString(token, open.at(-1));
  }
  return value;
}

/** A bracket, or a string with the colon that makes it a key. */
const TOKEN = /[{}[\]]|"(?:[^"\\]|\\.)*"\s*:?/gs;

function checkString(token: string, keys: Set<string> | undefined): void {
  const isKey = token.endsWith(":");
  const content = JSON.parse(isKey ? token.slice(0, -1) : token) as string;
  if (!content.isWellFormed()) throw new SyntaxError("half a surrogate pair");
  if (!isKey) return;
  if (content === "__proto__") throw new SyntaxError("__proto__ as a key");
  if (keys?.has(content)) throw new SyntaxError(`the key ${JSON.stringify(content)} twice`);
  keys?.add(content);
}
