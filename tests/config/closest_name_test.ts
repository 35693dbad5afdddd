import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { closestName } from "../../src/config/closest_name.ts";
import { OPTION_NAMES } from "../../src/config/options.ts";
import { optionWord } from "../../src/domain/process/config_error.ts";
import { ANY_CHARACTER } from "../support/any_character.ts";

const NAMES = ["short", "long", "stake", "stale", "max-drawdown", "max-daily-loss", "min-notional", "fee"];

Deno.test("closestName() finds the name behind a typing mistake, another case, and a unique beginning", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ...[["shrot", "short"], ["shor", "short"], ["shortt", "short"], ["SHORT", "short"], [
      "lonk",
      "long",
    ]] as const,
    ...[["maxDrawdown", "max-drawdown"], ["max-drawdwon", "max-drawdown"], [
      "max_drawdown",
      "max-drawdown",
    ]] as const,
    ...[["max-dr", "max-drawdown"], ["minimum-notional", "min-notional"], ["feee", "fee"]] as const,
    // Two names are equally close, or none is.
    ...[["stae", null], ["max", null], ["max-d", null], ["speed", null], ["f", null], ["", null]] as const,
  ];
  for (const [word, name] of cases) assertEquals(closestName(word, NAMES), name, word);
});

Deno.test("closestName() finds every option with one letter too few, too many, or in the wrong place", () => {
  const names = OPTION_NAMES.map(optionWord);
  fc.assert(
    fc.property(fc.constantFrom(...names.filter((name) => name.length > 5)), fc.nat(), (name, random) => {
      const at = 1 + random % (name.length - 2);
      const slips = [
        name.slice(0, at) + name.slice(at + 1),
        `${name.slice(0, at)}q${name.slice(at)}`,
        name.slice(0, at) + name[at + 1] + name[at] + name.slice(at + 2),
      ];
      for (const slip of slips) {
        const found = closestName(slip, names);
        // Another option may be as close.
        if (found !== null && !names.includes(slip)) assertEquals(found, name, slip);
      }
      assertEquals(closestName(name.toUpperCase(), names), name);
    }),
  );
});

Deno.test("closestName() answers one of the names or null, whatever is typed", () => {
  fc.assert(
    fc.property(fc.string({ unit: ANY_CHARACTER, maxLength: 40 }), (word) => {
      const found = closestName(word, NAMES);
      assertEquals(found === null || NAMES.includes(found), true);
    }),
  );
});
