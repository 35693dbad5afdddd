import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { alarmChoiceIn, USUAL_ALARMS } from "../../../src/domain/alarms/alarm_choice.ts";

Deno.test("alarmChoiceIn() reads the events that cause alarms, in any order", () => {
  const none = { halt: false, disconnected: null, stopped: false, fill: false, daily: false };
  assertEquals(alarmChoiceIn(USUAL_ALARMS), { ...none, halt: true, disconnected: 300_000, stopped: true });
  assertEquals(alarmChoiceIn("daily,fill"), { ...none, fill: true, daily: true });
  assertEquals(alarmChoiceIn("disconnected"), { ...none, disconnected: 0 });
  assertEquals(alarmChoiceIn("disconnected>90s"), { ...none, disconnected: 90_000 });
});

Deno.test("alarmChoiceIn() refuses unknown events, times out of range or in the wrong place, and repetitions", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["", /^halt, disconnected/],
    ["halt,", /^halt, disconnected/],
    ["halts", /^halt, disconnected/],
    [" halt", /^halt, disconnected/],
    ["toString", /^halt, disconnected/],
    ["disconnected>5m>6m", /^halt, disconnected/],
    ["disconnected>", /a duration from 1s to 7d/],
    ["disconnected>0.5s", /a duration from 1s to 7d/],
    ["disconnected>8d", /a duration from 1s to 7d/],
    ["stopped>5m", /^stopped without a time/],
    ["fill,halt,fill", /^fill once/],
  ];
  for (const [text, expected] of refused) {
    const found = alarmChoiceIn(text);
    assert(typeof found === "string" && expected.test(found), `${text}: ${JSON.stringify(found)}`);
  }
});

Deno.test("alarmChoiceIn() reads or refuses any text", () => {
  const word = fc.constantFrom("halt", "disconnected", ">5m", ">", ",", "daily", "constructor", "1", "\0");
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (words) => {
    const found = alarmChoiceIn(words.join(""));
    assert(typeof found === "string" ? found !== "" : found.disconnected === null || found.disconnected >= 0);
  }));
});
