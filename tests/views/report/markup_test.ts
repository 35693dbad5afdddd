import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Markup, markup } from "../../../src/views/report/markup.ts";
import { ANY_CHARACTER } from "../../support/any_character.ts";

Deno.test("markup`` escapes every text, and inserts markup and lists as they are", () => {
  const list = ["<b>", new Markup("<i>x</i>"), null, 3];
  assertEquals(
    markup`<p title="${`"'&`}">${list}</p>`.text,
    '<p title="&quot;&#39;&amp;">&lt;b&gt;<i>x</i>3</p>',
  );
});

Deno.test("markup`` lets no text open a tag, close a quotation or hold a control character", () => {
  fc.assert(fc.property(fc.string({ unit: ANY_CHARACTER }), (text) => {
    const { text: found } = markup`${text}`;
    // deno-lint-ignore no-control-regex -- these are what must not be there
    assertEquals(/[<>"'\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(found), false);
  }));
});
