import { expect, test } from "vitest";
import { baseUrl, type Env, embeddings, headerKey, readEnv } from "../../services/shared/env.ts";

const read = (env: Env) => readEnv({ KEY: headerKey, URL: baseUrl, EMBEDDINGS: embeddings }, env);

test("the address of a model server is taken without its final slashes, and may be absent", () => {
  expect(read({ URL: "http://[::1]:8000/v1//", KEY: "sk-1", EMBEDDINGS: "models/e5" })).toEqual({
    URL: "http://[::1]:8000/v1",
    KEY: "sk-1",
    EMBEDDINGS: "models/e5",
  });
  expect(read({ URL: "", KEY: "" })).toEqual({ URL: undefined, KEY: undefined, EMBEDDINGS: undefined });
});

test.each([
  ["https://user:secret@models.test/v1", /must not hold credentials/],
  ["https://models.test/v1?api-version=1", /without a query or a fragment/],
  ["https://models.test/v1#x", /without a query or a fragment/],
  ["ftp://models.test", /http\(s\) URL/],
])("what would not be sent is refused in an address: %s", (url, problem) => {
  for (const env of [{ URL: url }, { EMBEDDINGS: url }]) {
    expect(() => read(env)).toThrow(problem);
    expect(() => read(env)).not.toThrow(/secret/);
  }
});

test.each(["sk-1\n", "sk 1", "sk-1\r\nx-other: y", "ké"])(
  "a key that no header can carry stops the start: %j",
  (key) => {
    expect(() => read({ KEY: key })).toThrow(/KEY holds a space, a line break or a letter that no header can carry/);
  },
);
