import { expect, test } from "vitest";
import {
  type Authenticate,
  authenticateBy,
  isLoopback,
  LOCAL_ADMIN,
  openAuthenticate,
} from "../../services/shared/identity.ts";

const bob = { tenant: "acme", subject: "bob", groups: [], scopes: ["chat" as const] };
const withKeys: Authenticate = async () => bob;
const open = openAuthenticate(withKeys);

test.for<[headers: Record<string, string>]>([
  [{ host: "127.0.0.1:8080" }],
  [{ host: "127.1.2.3" }],
  [{ host: "localhost:8080" }],
  [{ host: "LocalHost" }],
  [{ host: "[::1]:8080" }],
  [{ host: "localhost:8080", origin: "http://localhost:3000" }],
  [{ host: "127.0.0.1:8080", origin: "https://127.0.0.1" }],
  [{ host: "127.0.0.1:8080", origin: "http://[::1]:5173" }],
])("in open mode %o is the local administrator", async ([headers]) => {
  expect(await open(headers)).toEqual(LOCAL_ADMIN);
});

test.for<[headers: Record<string, string>]>([
  [{}],
  [{ host: "evil.example" }],
  [{ host: "evil.example:8080", origin: "http://evil.example:8080" }],
  [{ host: "localhost.evil.example" }],
  [{ host: "127.0.0.1.evil.example" }],
  [{ host: "evil.example@127.0.0.1" }],
  [{ host: "127.0.0.1/evil.example" }],
  [{ host: "192.168.1.5:8080" }],
  [{ host: "127.0.0.1:8080", origin: "http://evil.example" }],
  [{ host: "127.0.0.1:8080", origin: "https://localhost.evil.example" }],
  [{ host: "127.0.0.1:8080", origin: "http://127.0.0.1@evil.example" }],
  [{ host: "127.0.0.1:8080", origin: "null" }],
  [{ host: "127.0.0.1:8080", origin: "file://" }],
])("in open mode %o is refused with what to do", async ([headers]) => {
  await expect(open(headers)).rejects.toMatchObject({
    code: "forbidden",
    message: expect.stringContaining("CAIRN_AUTH=keys"),
  });
});

test("a key counts wherever its request comes from", async () => {
  const headers = { host: "cairn.example", origin: "https://chat.example", authorization: "Bearer cairn_x" };
  expect(await open(headers)).toEqual(bob);
});

test.for([
  ["127.0.0.1", true],
  ["127.0.0.2", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["127.evil.example", false],
] as const)("open mode on the address %s is accepted: %s", ([host, accepted]) => {
  expect(isLoopback(host)).toBe(accepted);
  if (accepted) authenticateBy("open", host, withKeys);
  else expect(() => authenticateBy("open", host, withKeys)).toThrow(/CAIRN_AUTH=open/);
});
