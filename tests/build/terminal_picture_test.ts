import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { screenAfter } from "../../build/docs/terminal_screen.ts";
import { terminalPicture } from "../../build/docs/terminal_picture.ts";

/** The screen's text, row by row. */
function texts(output: string, columns = 10): string[] {
  return screenAfter(output, columns).map((row) => row.map(({ text }) => text).join(""));
}

Deno.test("screenAfter() continues in the next row if a line is longer than the screen", () => {
  assertEquals(texts("0123456789"), ["0123456789"]);
  assertEquals(texts("0123456789ab\nc"), ["0123456789", "ab", "c"]);
});

Deno.test("screenAfter() draws over a line, and clears the text after the cursor", () => {
  assertEquals(texts("abcdef\rxy"), ["xycdef"]);
  assertEquals(texts("abcdef\r\x1b[Kxy"), ["xy"]);
  assertEquals(texts("one\ntwo\x1b[1A\r\x1b[Jthree"), ["three"]);
});

Deno.test("screenAfter() distinguishes colours, and ends them", () => {
  assertEquals(screenAfter("\x1b[90ma\x1b[0m b\x1b[36mc\x1b[39md", 10), [[
    { text: "a", colour: 90 },
    { text: " b", colour: null },
    { text: "c", colour: 36 },
    { text: "d", colour: null },
  ]]);
});

Deno.test("screenAfter() refuses sequences that it would draw wrongly", () => {
  assertThrows(() => screenAfter("\x1b[2@", 10), RangeError, "does not support the control sequence");
  assertThrows(() => screenAfter("\x1b[44m", 10), RangeError, "does not support the colour 44");
});

Deno.test("terminalPicture() gives every span its place and width, and no text can leave its element", () => {
  const picture = terminalPicture(
    [[{ text: "ab", colour: null }, { text: "<&>", colour: 36 }]],
    10,
    `a "title"`,
  );
  assertStringIncludes(picture, `<title>a &quot;title&quot;</title>`);
  assertStringIncludes(
    picture,
    `<text x="18" y="32" textLength="16.8" lengthAdjust="spacingAndGlyphs">ab</text>`,
  );
  assertStringIncludes(
    picture,
    `<text x="34.8" y="32" textLength="25.2" lengthAdjust="spacingAndGlyphs" fill="#56d4dd">&lt;&amp;&gt;</text>`,
  );
  assertThrows(() => terminalPicture([[{ text: "a", colour: 95 }]], 10, ""), RangeError, "Colour 95");
});
