import { assertEquals, assertThrows } from "@std/assert";
import { NotAllowed } from "../../src/config/option_values.ts";
import { foldedSet, setOptionsIn, setText, valueInSet, withoutSettings } from "../../src/config/set_lists.ts";

Deno.test("setOptionsIn() gives commas to the option before them, and skips equal numbers", () => {
  assertEquals(setOptionsIn("edge=-0.5..0.5:0.5,window=5,10..20:5,10.0,wide=2"), [
    { name: "edge", values: ["-0.5", "0", "0.5"] },
    { name: "window", values: ["5", "10", "15", "20"] },
    { name: "wide", values: ["2"] },
  ]);
});

Deno.test("setOptionsIn() refuses anything but an option with numbers or a range, and an option given twice", () => {
  for (
    const [text, why] of [
      ["", "NAME=NUMBER"],
      ["5,window=5", "NAME=NUMBER"],
      ["window=5,ten", 'not "window=ten"'],
      ["window=5,", 'not "window="'],
      ["window=1e3", "numbers in plain decimals"],
      ["window=5..1:1", "a range from a smaller value"],
      ["window=1..5:-1", "a range from a smaller value"],
      ["window=5%", "numbers in plain decimals"],
      ["window=5,edge=1,window=6", "window is listed twice"],
    ] as const
  ) assertThrows(() => setOptionsIn(text), NotAllowed, why);
});

Deno.test("options within --set are folded into it and taken out of it again", () => {
  const shown = { short: 5, set: "edge=0.5" };
  const varying = { "set.window": "5,10", "set.wide": 2 };
  assertEquals(foldedSet({ ...shown, ...varying }), { short: 5, set: "edge=0.5,window=5,10,wide=2" });
  assertEquals(foldedSet({ "set.window": 5, fee: "0" }), { set: "window=5", fee: "0" });
  assertEquals(withoutSettings({ short: 5, set: "edge=0.5,window=5" }, ["window"]), shown);
  assertEquals<object>(withoutSettings({ short: 5, set: "window=5" }, ["window"]), { short: 5 });
  const text = setText([["window", 5], ["edge", "0.50"]]);
  assertEquals([valueInSet(text, "edge"), valueInSet(text, "wide"), valueInSet(null, "edge")], [
    0.5,
    null,
    null,
  ]);
});
