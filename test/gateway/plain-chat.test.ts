import fc from "fast-check";
import { expect, test } from "vitest";
import { isPlainChat } from "../../services/gateway/routes/plain-chat.ts";
import { chatBodySchema, refuseUnsupported } from "../../services/shared/chat-body.ts";

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, "", "x", -1, 0, 0.5, 1, 2, 2.5, 7, 2 ** 53, Number.NaN, [], {}),
  fc.jsonValue(),
);
const text = fc.record({ role: fc.constantFrom("system", "user", "assistant"), content: fc.string() });
const message = fc.oneof(
  { weight: 9, arbitrary: text },
  fc.record(
    { role: fc.oneof(fc.constantFrom("developer", "tool"), odd), content: fc.oneof(fc.string(), odd), name: odd },
    { requiredKeys: [] },
  ),
);
const body = fc.oneof(
  odd,
  fc.record(
    {
      model: fc.oneof(fc.string(), odd),
      messages: fc.oneof(fc.array(message), odd),
      stream: fc.oneof(fc.boolean(), odd),
      temperature: fc.oneof(fc.double({ min: -1, max: 3 }), odd),
      max_tokens: fc.oneof(fc.integer({ min: -1, max: 9 }), odd),
      top_p: odd,
      n: odd,
      ["__proto__"]: odd,
    },
    { requiredKeys: [] },
  ),
);

const nearlyPlain = fc.record(
  {
    model: fc.string(),
    messages: fc.array(message, { minLength: 1, maxLength: 3 }),
    stream: fc.boolean(),
    temperature: fc.double({ min: -1, max: 3 }),
    max_tokens: fc.integer({ min: -1, max: 9 }),
  },
  { requiredKeys: ["model", "messages"] },
);

test("whatever passes as a plain chat is what the schema would make of it", () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.oneof(body, nearlyPlain), (value) => {
      if (!isPlainChat(value)) return;
      plain += 1;
      const copy = structuredClone(value);
      refuseUnsupported(copy);
      expect(chatBodySchema.safeParse(copy)).toEqual({ success: true, data: value });
    }),
    { numRuns: 2000 },
  );
  expect(plain).toBeGreaterThan(100);
});

test("the common chat is plain, and what is more than that is left to the schema", () => {
  const messages = [
    { role: "system", content: "Answer." },
    { role: "user", content: "Why?" },
  ];
  expect(isPlainChat({ model: "m", messages })).toBe(true);
  expect(isPlainChat({ model: "m", messages, stream: true, temperature: 0.2, max_tokens: 5 })).toBe(true);
  expect(isPlainChat({ messages })).toBe(false);
  expect(isPlainChat({ model: "m", messages: [] })).toBe(false);
  expect(isPlainChat({ model: "m", messages, user: "u" })).toBe(false);
  expect(isPlainChat({ model: "m", messages: [{ ...messages[1], name: "x" }] })).toBe(false);
  expect(isPlainChat(JSON.parse('{"model":"m","messages":[{"role":"user","content":"x","__proto__":1}]}'))).toBe(false);
});
