import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { createIdentify, type IdentifySettings } from "../../services/gateway/limits/callers.ts";
import { AppError } from "../../services/shared/errors.ts";
import { type Authenticate, createKey, keyAuthenticate } from "../../services/shared/identity.ts";
import { migrate } from "../../services/shared/migrations.ts";
import type { Principal } from "../../services/shared/principal.ts";
import { openSqliteDatabase } from "../../services/shared/sqlite-database.ts";

const SERVICE_KEY = "the-service-key";
const KEY = `cairn_abcdefghijkl_${"s".repeat(43)}00000000`;
const ACME: Principal = { tenant: "acme", subject: "ann", groups: [], scopes: ["chat"] };

let at = 0;
beforeEach(() => {
  at = 0;
});
const identifyWith = (settings: Partial<IdentifySettings> = {}) =>
  createIdentify({
    serviceKey: SERVICE_KEY,
    authenticate: async () => ACME,
    open: false,
    clock: { now: () => at },
    ...settings,
  });
const codeOf = async (call: () => unknown): Promise<string> => {
  try {
    await call();
    return "let in";
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};

test("the service key speaks for any tenant, and for the tenant local when it names none", () => {
  const identify = identifyWith();
  expect(identify(`Bearer ${SERVICE_KEY}`, "acme")).toEqual({ tenant: "acme", keyId: undefined });
  expect(identify(`bearer  ${SERVICE_KEY}`, undefined)).toEqual({ tenant: "local", keyId: undefined });
});

test.each(["", "a b", "ä", "x".repeat(65), "a\nb"])("the tenant header %j is refused", async (header) => {
  expect(await codeOf(() => identifyWith()(`Bearer ${SERVICE_KEY}`, header))).toBe("invalid_request");
});

test.each([
  undefined,
  "",
  "Bearer ",
  "Bearer wrong",
  `Bearer ${SERVICE_KEY}x`,
  `Bearer ${SERVICE_KEY.slice(0, -1)}`,
  `Basic ${SERVICE_KEY}`,
  SERVICE_KEY,
])("a guessed service key is refused: %j", async (authorization) => {
  expect(await codeOf(() => identifyWith()(authorization, "acme"))).toBe("unauthenticated");
});

test("without a service key and closed, nobody is let in by sending nothing", async () => {
  const identify = identifyWith({ serviceKey: undefined, authenticate: undefined });
  expect(await codeOf(() => identify("Bearer undefined", undefined))).toBe("unauthenticated");
  expect(await codeOf(() => identify(`Bearer ${KEY}`, undefined))).toBe("unauthenticated");
  expect(() => identifyWith({ serviceKey: "" })).toThrow(/empty service key/);
});

test("an API key is its own tenant, and its id is known; the second time without waiting", async () => {
  const identify = identifyWith();
  const caller = { tenant: "acme", keyId: "abcdefghijkl" };
  expect(await identify(`Bearer ${KEY}`, undefined)).toEqual(caller);
  expect(identify(`Bearer ${KEY}`, undefined)).toEqual(caller);
  expect(identify(`Bearer ${KEY}`, "acme")).toEqual(caller);
});

test("an API key does not speak for another tenant, known or not yet", async () => {
  const identify = identifyWith();
  expect(await codeOf(() => identify(`Bearer ${KEY}`, "globex"))).toBe("forbidden");
  expect(await codeOf(() => identify(`Bearer ${KEY}`, "globex"))).toBe("forbidden");
});

test("an API key needs the scope chat", async () => {
  const identify = identifyWith({ authenticate: async () => ({ ...ACME, scopes: ["ingest"] }) });
  expect(await codeOf(() => identify(`Bearer ${KEY}`, undefined))).toBe("forbidden");
});

test("an open gateway lets everybody in, but an API key that is sent counts", async () => {
  const identify = identifyWith({ open: true, serviceKey: undefined });
  expect(identify(undefined, undefined)).toEqual({ tenant: "local", keyId: undefined });
  expect(identify("Bearer sk-anything", "acme")).toEqual({ tenant: "acme", keyId: undefined });
  expect(await codeOf(() => identify(`Bearer ${KEY}`, "globex"))).toBe("forbidden");
});

test("a hundred calls with a new key at once ask the database once", async () => {
  let asked = 0;
  const identify = identifyWith({
    authenticate: async () => {
      asked += 1;
      return ACME;
    },
  });
  await Promise.all(Array.from({ length: 100 }, () => identify(`Bearer ${KEY}`, undefined)));
  expect(asked).toBe(1);
});

test("a refused key is asked about again at once", async () => {
  let good = false;
  const authenticate: Authenticate = async () => {
    if (good) return ACME;
    throw new AppError("unauthenticated", "no");
  };
  const identify = identifyWith({ authenticate });
  expect(await codeOf(() => identify(`Bearer ${KEY}`, undefined))).toBe("unauthenticated");
  good = true;
  expect(await codeOf(() => identify(`Bearer ${KEY}`, undefined))).toBe("let in");
});

test("a database that fails or hangs makes new keys unavailable, and those known are let in meanwhile", async () => {
  let answer: () => Promise<Principal> = async () => ACME;
  const identify = identifyWith({ authenticate: () => answer() });
  await identify(`Bearer ${KEY}`, undefined);
  answer = () => Promise.reject(new Error("connection refused"));
  expect(await codeOf(() => identify(`Bearer ${KEY}`, undefined))).toBe("let in");
  at += 10_000;
  expect(await codeOf(() => identify(`Bearer ${KEY}`, undefined))).toBe("unavailable");
  answer = () => new Promise(() => {});
  expect(await codeOf(() => identify(`Bearer ${KEY}`, undefined))).toBe("unavailable");
});

test("a key that is revoked in the database is refused within 10 s", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cairn-callers-"));
  const db = openSqliteDatabase(join(folder, "state.db"));
  await migrate(db);
  const { id, key } = await createKey(db, "pepper", { ...ACME, expiresAt: undefined });
  const identify = identifyWith({ authenticate: keyAuthenticate(db, "pepper") });
  expect(await identify(`Bearer ${key}`, undefined)).toEqual({ tenant: "acme", keyId: id });
  await db.run("update api_key set revoked_at = 1 where id = $1", [id]);
  at += 9_999;
  expect(await codeOf(() => identify(`Bearer ${key}`, undefined))).toBe("let in");
  at += 1;
  expect(await codeOf(() => identify(`Bearer ${key}`, undefined))).toBe("unauthenticated");
  await db.close();
  rmSync(folder, { recursive: true });
});

test("memory stays bounded however many keys are used, and the latest are still known", async () => {
  let asked = 0;
  const identify = identifyWith({
    authenticate: async () => {
      asked += 1;
      return ACME;
    },
  });
  for (let i = 0; i < 10_050; i++) await identify(`Bearer cairn_k${i}_x`, undefined);
  await identify("Bearer cairn_k10049_x", undefined);
  expect(asked).toBe(10_050);
  await identify("Bearer cairn_k0_x", undefined);
  expect(asked).toBe(10_051);
});
