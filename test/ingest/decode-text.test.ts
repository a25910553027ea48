import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeText } from "../../ingest/parse/decode-text.ts";

const simplified = "集群由一组节点组成，每个节点上运行容器化的应用。没有节点时，集群不能工作。";
const traditional = "叢集由一組節點組成，每個節點上執行容器化的應用程式。沒有節點時，叢集不能運作。";
const japanese = "クラスターは、コンテナ化されたアプリケーションを実行するノードの集合です。";

/** The platform decodes the old encodings but does not encode them: invert its decoder. */
function encode(text: string, label: string): Uint8Array {
  const decoder = new TextDecoder(label);
  const codes = new Map<string, number[]>();
  for (let lead = 0x81; lead < 0xff; lead++) {
    for (let trail = 0x40; trail < 0xff; trail++) {
      const char = decoder.decode(Uint8Array.of(lead, trail));
      if (char.length === 1 && !codes.has(char)) codes.set(char, [lead, trail]);
    }
  }
  return Uint8Array.from([...text].flatMap((char) => (char < "\x80" ? [char.charCodeAt(0)] : codes.get(char)!)));
}

function utf16(text: string, littleEndian: boolean, mark = ""): Uint8Array {
  const units = mark + text;
  const view = new DataView(new ArrayBuffer(units.length * 2));
  for (let i = 0; i < units.length; i++) view.setUint16(i * 2, units.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
}

describe("Bytes become text", () => {
  it("in UTF-8, with and without a mark, for any text without controls", () => {
    const words = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[\p{Cc}\uFEFF]/u.test(text));
    fc.assert(fc.property(words, (text) => decodeText(new TextEncoder().encode(text)) === text));
    expect(decodeText(new TextEncoder().encode("\uFEFFabc"))).toBe("abc");
  });

  it.each([simplified, traditional, japanese, "Plain English words, nothing else."])("in UTF-16: %s", (text) => {
    for (const littleEndian of [true, false]) {
      expect(decodeText(utf16(text, littleEndian, "\uFEFF"))).toBe(text);
      expect(decodeText(utf16(text, littleEndian))).toBe(text);
    }
  });

  it.each([
    [simplified, "gb18030"],
    ["你好世界", "gb18030"],
    ["数据库", "gb18030"],
    ["# 安装说明\n\nnpm install cairn --save 安装完成", "gb18030"],
    [traditional, "big5"],
    ["你好，這是說明書。", "big5"],
    [japanese, "shift_jis"],
    [japanese, "euc-jp"],
  ])("%s in %s", (text, label) => {
    expect(decodeText(encode(text, label))).toBe(text);
  });

  it("in Western European text of one byte a character", () => {
    const latin = "Le café est très agréable, déjà vu à la forêt. Où êtes-vous ?";
    expect(decodeText(Uint8Array.from(latin, (char) => char.charCodeAt(0)))).toBe(latin);
  });

  it("although a few characters of UTF-8 are damaged", () => {
    const bytes = new TextEncoder().encode(simplified.repeat(10));
    bytes[1] = 0x20;
    expect(decodeText(bytes)).toContain(simplified);
  });

  it.each([
    ["random bytes", Uint8Array.from({ length: 5_000 }, (_, i) => Math.imul(i + 1, 2_654_435_761) >>> 24)],
    ["a block of zeros", new Uint8Array(2_000)],
    ["text between zeros", new TextEncoder().encode("ab\0\0\0\0cd\0\0".repeat(50))],
  ])("but not %s", (_, bytes) => {
    expect(() => decodeText(bytes)).toThrow(/does not contain text/);
  });
});
