import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { brokenTo, cutTo, padLeft, padRight, textWidth } from "../../../src/views/terminal/text_width.ts";

Deno.test("textWidth() counts the columns of a terminal", () => {
  const widths: [string, number][] = [
    ["", 0],
    ["BTCUSDT", 7],
    ["币安人生USDT", 12],
    ["비트", 4],
    ["ビット", 6],
    ["ｂ", 2],
    ["é", 1],
    ["e\u0301", 1],
    ["●  –", 4],
    ["🚀", 2],
    ["𠮷", 2],
  ];
  for (const [text, width] of widths) assertEquals(textWidth(text), width, text);
});

Deno.test("padLeft(), padRight() and cutTo() return texts of the given width", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "1", "币", "é", "🚀", " ", "ビ"), maxLength: 12 });
  fc.assert(fc.property(texts, fc.nat(30), (text, width) => {
    const own = textWidth(text);
    for (const padded of [padLeft(text, width), padRight(text, width)]) {
      assertEquals([textWidth(padded), padded.trim()], [Math.max(width, own), text.trim()]);
    }
    const cut = cutTo(text, Math.max(1, width));
    assertEquals(textWidth(cut) <= Math.max(1, width), true);
    assertEquals(cut === text, own <= Math.max(1, width));
    if (cut !== text) assertEquals(text.startsWith(cut.slice(0, -1)), true);
  }));
});

Deno.test("brokenTo() keeps every word in order, and only a longer word exceeds the width", () => {
  const words = fc.array(fc.string({ unit: fc.constantFrom("a", "1", "币"), minLength: 1, maxLength: 9 }));
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 30 }), fc.func(fc.boolean()), (words, width, isPhrase) => {
      const text = words.map((word, at) => at === 0 ? word : `${isPhrase(at) ? "  " : " "}${word}`).join("");
      const lines = brokenTo(text, width);
      assertEquals(lines.flatMap((line) => line.split(/ +/)).join(" "), words.join(" "));
      for (const line of lines) assertEquals(textWidth(line) <= width || !line.includes(" "), true, line);
      if (textWidth(text) <= width) assertEquals(lines, [text]);
    }),
  );
});
