import { assertEquals, assertThrows } from "@std/assert";
import { jsonExcerpt, lineCut, middleCut } from "../../build/docs/excerpt.ts";
import { filledPage, placesIn } from "../../build/docs/pages.ts";

const PAGE = `# Title

<!-- sample: one -->

\`\`\`json
old
lines
\`\`\`

Between.

\`\`\`
not a sample
\`\`\`

<!-- sample: two -->

| old |
| --- |

<!-- end -->

After.
`;

Deno.test("filledPage() fills each place, fenced or not, and changes nothing else", () => {
  const filled = filledPage(PAGE, { one: "new", two: "| new |\n| --- |" });
  assertEquals(filled, PAGE.replace("old\nlines", "new").replace("| old |", "| new |"));
  assertEquals(filledPage(filled, { one: "new", two: "| new |\n| --- |" }), filled);
});

Deno.test("filledPage() inserts characters with a meaning in replacements literally", () => {
  assertEquals(filledPage(PAGE, { one: "$& $1 $$", two: "" }).includes("$& $1 $$\n"), true);
});

Deno.test("filledPage() refuses a place without a sample", () => {
  assertThrows(() => filledPage(PAGE, { one: "new" }), RangeError, "No sample is called two");
});

Deno.test("placesIn() names the places in the page's order", () => {
  assertEquals(placesIn(PAGE), ["one", "two"]);
});

Deno.test("jsonExcerpt() leaves out fields and elements beyond the limits, and marks where", () => {
  const value = { a: 1, b: [1, 2, 3], c: { d: 1, e: 2, f: 3 }, g: null };
  assertEquals(jsonExcerpt(value, { fields: 9 }), `{"a":1,"b":[1,2,…],"c":{"d":1,"e":2,"f":3},"g":null}`);
  assertEquals(jsonExcerpt(value, { fields: 3, inner: 1, elements: 1 }), `{"a":1,"b":[1,…],"c":{"d":1,…},…}`);
  assertEquals(jsonExcerpt({ a: [], b: "x" }, { fields: 9 }, 2), `{\n  "a": [],\n  "b": "x"\n}`);
});

Deno.test("middleCut() and lineCut() keep short texts", () => {
  assertEquals(middleCut(["1", "2", "3", "4"], 2, 1), ["1", "2", "3", "4"]);
  assertEquals(middleCut(["1", "2", "3", "4", "5"], 2, 1), ["1", "2", "…", "5"]);
  assertEquals([lineCut("four", 4), lineCut("fives", 4)], ["four", "five…"]);
});
